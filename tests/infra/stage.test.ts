import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseStage, readStage } from "../../infra/stage.ts";

const NORTH = "arn:aws:iam::123456789012:role/north";
const LEAST = { alarmEmail: "operations@example.org", monthlyBudgetUsd: 100, clinics: {} };

describe("a stage's file", () => {
  it("is usable as it lies in the repository", () => {
    const demo = readStage("demo");

    expect(demo).toMatchObject({ name: "demo", endpoint: { instanceType: "ml.g4dn.xlarge" }, browserOrigins: [] });
  });

  it.each([
    ["alarmEmial", { alarmEmial: "a@example.org" }],
    ["retentionDays.uplaods", { retentionDays: { uplaods: 3 } }],
    ["endpoint.maxInstance", { endpoint: { maxInstance: 3 } }],
    ["concurrency.croping", { concurrency: { croping: 3 } }],
    ["reservedConcurrency.https", { reservedConcurrency: { https: 3 } }],
    ["api.requestPerSecond", { api: { requestPerSecond: 3 } }],
    [
      "clinics.north.principal",
      { clinics: { north: { principals: ["arn:aws:iam::123456789012:role/N"], principal: 1 } } },
    ],
  ])("is refused with the name of the misspelt field %s", (field, fields) => {
    const read = () => parseStage("demo", { ...LEAST, ...fields }, "demo.json");

    expect(read).toThrow(`demo.json is not usable: ${field}: there is no such field`);
  });

  it.each([
    ["alarmEmail", { alarmEmail: "operations" }],
    ["account", { account: "12345" }],
    ["region", { region: "Frankfurt" }],
    ["clinics.north.principals.0", { clinics: { north: { principals: ["*"] } } }],
    ["clinics.north.principals.0", { clinics: { north: { principals: ["arn:aws:iam::123456789012:root"] } } }],
    ["clinics.north.principals", { clinics: { north: { principals: [] } } }],
    ["browserOrigins.0", { browserOrigins: ["*"] }],
    ["browserOrigins.0", { browserOrigins: ["http://clinic.example"] }],
    ["endpoint.instanceType", { endpoint: { instanceType: "ml.m5.large" } }],
    ["retentionDays.logs", { retentionDays: { logs: 31 } }],
    ["monthlyBudgetUsd", { monthlyBudgetUsd: -1 }],
    ["clinics.smoke-test", { clinics: { "smoke-test": { principals: [NORTH] } } }],
    ["reservedConcurrency.ingest", { reservedConcurrency: { ingest: 4 } }],
    ["reservedConcurrency.crop", { reservedConcurrency: { crop: 10 }, concurrency: { crop: 11 } }],
    ["reservedConcurrency.finished", { reservedConcurrency: { finished: 1 } }],
  ])("is refused with the name of the unusable %s", (field, fields) => {
    const read = () => parseStage("demo", { ...LEAST, ...fields }, "demo.json");

    expect(read).toThrow(`${field}: `);
  });

  it.each(["ingest", "crop", "finished"])(
    "may set aside for %s as many executions as its queue hands over",
    (station) => {
      const numbers = { concurrency: { [station]: 12 }, reservedConcurrency: { [station]: 12 } };

      expect(parseStage("demo", { ...LEAST, ...numbers }, "demo.json")).toMatchObject(numbers);
    },
  );

  it.each([
    ["the same", NORTH],
    ["the same in another folder", "arn:aws:iam::123456789012:role/uploads/north"],
  ])("is refused when a principal, %s, speaks for two clinics, with both their names", (_what, again) => {
    const clinics = { north: { principals: [NORTH] }, south: { principals: [again] } };

    const read = () => parseStage("demo", { ...LEAST, clinics }, "demo.json");

    expect(read).toThrow(`clinics.south.principals.0: ${again} speaks for north already`);
  });

  it.each([
    ["a user", "arn:aws:iam::123456789012:user/north"],
    ["another account's role", "arn:aws:iam::210987654321:role/north"],
  ])("tells a role from %s of that name", (_what, other) => {
    const clinics = { north: { principals: [NORTH, NORTH] }, south: { principals: [other] } };

    expect(parseStage("demo", { ...LEAST, clinics }, "demo.json").clinics).toEqual(clinics);
  });

  it("keeps what a redriven dead letter needs for as long as dead letters", () => {
    const { retentionDays } = parseStage("demo", LEAST, "demo.json");

    expect([retentionDays["time-lapses"], retentionDays.clips]).toEqual([14, 14]);
  });

  it("may end a bundle's folder with a slash", () => {
    const stage = parseStage("demo", { ...LEAST, modelBundle: "models/north//" }, "demo.json");

    expect(stage.modelBundle).toBe("models/north");
  });

  it("is refused when a field that it has to have is missing, all of them at once", () => {
    const read = () => parseStage("demo", {}, "demo.json");

    expect(read).toThrow(/alarmEmail: .*; monthlyBudgetUsd: .*; clinics: /);
  });

  it("is refused when it is no JSON, or is not there", async () => {
    const folder = await mkdtemp(join(tmpdir(), "blastograde-stages-"));
    await writeFile(join(folder, "broken.json"), "{");

    expect(() => readStage("broken", folder)).toThrow(`${folder}/broken.json cannot be read`);
    expect(() => readStage("absent", folder)).toThrow("There is no stage absent: copy infra/stages/demo.json to");
    await rm(folder, { recursive: true });
  });

  it("names its model bundle from the repository's root", () => {
    const least = { alarmEmail: "a@example.org", monthlyBudgetUsd: 1, clinics: {}, modelBundle: "/elsewhere/bundle" };

    expect(() => parseStage("demo", least, "demo.json")).toThrow(
      "modelBundle: has to be the path of a model bundle, from",
    );
  });

  it.each(["Demo", "../demo", "", "a".repeat(32), "9"])("is not looked for under the name %j", (name) => {
    expect(() => readStage(name)).toThrow("is no name");
  });

  it("that is not usable ends the synthesis with its sentence and nothing else", () => {
    const env = { CDK_CONTEXT_JSON: JSON.stringify({ stage: "absent" }) };

    const { status, stderr } = spawnSync(process.execPath, ["infra/app.ts"], { env, encoding: "utf8" });

    expect(status).toBe(1);
    expect(stderr).toMatch(/^There is no stage absent: copy .*\n$/);
  });
});
