import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import type { GradingAnswer } from "../../core/contracts/grading.ts";
import { Problem } from "../../core/contracts/http.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import { CALLERS } from "../builders/cloud-clinics.ts";
import { type CloudHouse, usingCloudHouse } from "../builders/cloud-house.ts";
import { expectGrades, openLocalClinic } from "../builders/local-clinic.ts";
import { phantomArchive } from "../builders/phantom-archive.ts";

const CALIBRATOR = "model-container/models/demo.pregnancy-calibrator.json";

describe("an archive that is uploaded to the functions as deployed", () => {
  const house = usingCloudHouse();
  let uploadId: string;
  let graded: GradingAnswer;
  let embryo: string;
  beforeAll(async () => {
    uploadId = await house().upload(await phantomArchive(), { ageYears: 34 });
    await house().settle();
    graded = await house().answerOf(uploadId);
    embryo = `/v1/embryos/${graded.embryoId}`;
  });

  it("is graded, without a dead letter", async () => {
    expectGrades(graded, "SHORT_SEQUENCE");
    expect(graded).toMatchObject({ gradingId: uploadId, clinicId: "north", embryoId: "blastocyst-8" });
    for (const queue of Object.values(house().queues)) expect(await queue.dead()).toEqual([]);
  });

  it("has the answer of the local wiring, calibrated by the same calibrator", async () => {
    const local = await openLocalClinic();
    const expected = await local.upload(await phantomArchive(), { ageYears: 34 });
    await local.close();
    expect(graded.pregnancy).toMatchObject({ probability: null });

    await putCalibrator(house(), "north");
    const calibrated = await house().answerOf(uploadId);

    expect(calibrated.pregnancy?.probability).toBeGreaterThan(0);
    expect(wherever(calibrated)).toEqual(wherever(expected));
  });

  it.each([
    ["explanation", () => `${embryo}/explanation`, objectKeys.explanation],
    ["preview", () => `/v1/uploads/${uploadId}/preview`, objectKeys.preview],
  ])("has its %s served as the very picture that was drawn", async (_what, path, keyOf) => {
    const response = await house().call({ path: path() });

    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("image/webp");
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(Buffer.from(bytes).toString("latin1", 8, 12)).toBe("WEBP");
    expect(bytes).toEqual(await house().objects.read(keyOf("north", uploadId)));
  });

  it("is its clinic's and no other's", async () => {
    const paths = [`/v1/uploads/${uploadId}`, `/v1/uploads/${uploadId}/preview`, embryo, `${embryo}/explanation`];
    const asked = paths.map((path) => house().call({ path, userArn: CALLERS.south }));
    const listed = await house().call({ path: "/v1/embryos?limit=10", userArn: CALLERS.south });

    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    expect(await listed.json()).toMatchObject({ embryos: [] });
    const own = await house().call({ path: "/v1/embryos?limit=10" });
    expect(await own.json()).toMatchObject({ embryos: [{ gradingId: uploadId, rank: 1 }] });
  });

  it.each([
    ["nobody signed", null],
    ["a role of no clinic signed", CALLERS.nobody],
  ])("is shown to nobody where %s", async (_who, userArn) => {
    const asked = await house().call({ path: embryo, userArn });
    const posted = await house().call({ method: "POST", path: "/v1/uploads", body: {}, userArn });

    for (const refused of [asked, posted]) {
      expect(refused.status).toBe(403);
      expect(refused.headers.get("Content-Type")).toBe("application/problem+json");
      expect(Problem.parse(await refused.json())).toMatchObject({ code: "CALLER_UNKNOWN", retryable: false });
    }
  });

  it("leaves neither the embryo's name nor the woman's age in any log", () => {
    const lines = Object.values(house().functions).flatMap(({ log }) => log);

    expect(lines.filter((line) => line.includes("a grading moved")).length).toBeGreaterThan(2);
    for (const line of lines) expect(line).not.toMatch(/blastocyst-8|cycle-1|ageYears/);
  });

  it("can be read about in the documentation that lies beside the function", async () => {
    const page = await house().call({ path: "/docs" });
    const script = await house().call({ path: "/docs/swagger-ui-bundle.js" });

    expect(await page.text()).toContain("swagger-ui-bundle.js");
    expect(script.headers.get("Content-Type")).toMatch(/^text\/javascript/);
    expect(await script.text()).toContain("SwaggerUIBundle");
  });
});

/** As it is copied into the bucket; a process that runs would look again within a minute. */
async function putCalibrator({ objects, functions }: CloudHouse, clinicId: string): Promise<void> {
  await objects.write(objectKeys.calibrator(clinicId), new Uint8Array(await readFile(CALIBRATOR)));
  await functions.api.redeploy({});
}

/** What does not depend on where and when an archive was graded. */
function wherever({ gradingId: _id, clinicId: _clinic, provenance, ...answer }: GradingAnswer) {
  const { gradedAt: _at, ...digests } = provenance!;
  return { ...answer, digests };
}
