import { createHash } from "node:crypto";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { encodeNpy } from "../../adapters/archive/npy.ts";
import { EMBRYO_COLUMNS } from "../../cli/bundle/dataset-reader.ts";
import { treeOf } from "../builders/dataset-folders.ts";
import { jsonLines, runCommand } from "../builders/run-command.ts";
import { DEMO_BUNDLE } from "../contract/model-server.builders.ts";

const ROWS = [
  "e1,c1,north,test,A,A,AAB,AAA,1,tA",
  "e2,c1,north,test,B,C,BBB,CCC,0,tA",
  "e3,c2,south,test,C,,CC,,0,tA",
  "e4,c3,south,train,A,A,,,,tA",
];

/** A prepared data set of four stills of one shade each. */
async function preparedStills(manifest: object = {}): Promise<string> {
  const stills = new Uint8Array(ROWS.length * 3 * 224 * 224);
  ROWS.forEach((_, row) => {
    stills.fill(60 + 40 * row, row * 3 * 224 * 224, (row + 1) * 3 * 224 * 224);
  });
  return await treeOf({
    "dataset.json": JSON.stringify({
      schema: "blastograde/prepared@1",
      source: "kromp-2023",
      cropperSha256: await sha256Of("cropper.onnx"),
      moments: { tA: 1 },
      sequences: false,
      ...manifest,
    }),
    "embryos.csv": `${[EMBRYO_COLUMNS.join(","), ...ROWS].join("\n")}\n`,
    "stills/tA.npy": encodeNpy(stills, [ROWS.length, 1, 3, 224, 224]),
    "problems.jsonl": `${JSON.stringify({ embryoId: "e5", code: "EMPTY_WELL", detail: "No embryo is seen." })}\n`,
  });
}

async function sha256Of(file: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(join(DEMO_BUNDLE, file)))
    .digest("hex");
}

/** networks.json over a copy of the bundle's own CNN. */
async function networksFolder(entry: object): Promise<string> {
  const network = {
    name: "CNN (t=tA)",
    table: ["3"],
    kind: "cnn",
    moment: "tA",
    task: "both",
    loss: "ordinal",
    file: "cnn.onnx",
    sha256: await sha256Of("cnn.onnx"),
    withoutClinic: null,
    ...entry,
  };
  return await treeOf({
    "networks.json": JSON.stringify({ schema: "blastograde/networks@1", networks: [network] }),
    "cnn.onnx": await readFile(join(DEMO_BUNDLE, "cnn.onnx")),
  });
}

async function evaluated(dataset: string, ...more: readonly string[]) {
  const out = await treeOf({});
  const outcome = await runCommand("evaluate", ["--dataset", dataset, "--out", out, "--resamples", "20", ...more]);
  return { ...outcome, out };
}

describe("npm run evaluate", () => {
  it("writes a page, all numbers and every answer, and prints the main ones", async () => {
    const networks = await networksFolder({ withoutClinic: "south" });

    const { exitCode, stdout, out } = await evaluated(
      await preparedStills(),
      ...["--networks", networks, "--leave-one-clinic-out"],
    );

    expect(exitCode).toBe(0);
    expect(jsonLines(stdout)).toMatchObject([{ report: join(out, "report.html"), embryos: 3, answered: 3 }]);
    expect((await readdir(out)).sort()).toEqual(["predictions.csv", "report.html", "report.json"]);
    const report = JSON.parse(await readFile(join(out, "report.json"), "utf8"));
    expect(report.dataSet).toMatchObject({ clinics: ["north", "south"], labelled: { icm: 3, te: 2 }, outcomes: 3 });
    expect(report.notEvaluated).toMatchObject([{ code: "EMPTY_WELL", leftOut: true, count: 1 }]);
    expect(report.leftOutClinics).toMatchObject([{ clinics: [{ clinic: "south", embryos: { icm: 1, te: 0 } }] }]);
    expect(await readFile(join(out, "report.html"), "utf8")).toContain("not for clinical use");
  });

  it("prepares a source that is met for the first time, and tries short sequences where asked to", async () => {
    const source = { schema: "blastograde/phantoms@1", seed: 21, embryos: 3, firstHpi: 114, kinds: ["blastocyst"] };
    const dataset = await treeOf({ "phantoms.json": JSON.stringify(source) });

    const { exitCode, stdout, out } = await evaluated(dataset, "--by-frames");

    expect(exitCode).toBe(0);
    expect(jsonLines(stdout)).toMatchObject([{ embryos: 3, answered: 3 }]);
    expect(await readdir(join(out, "prepared"))).toEqual(expect.arrayContaining(["clips", "embryos.csv", "stills"]));
    const report = JSON.parse(await readFile(join(out, "report.json"), "utf8"));
    expect(report.dataSet).toMatchObject({ source: "phantoms", split: "all", stillsOnly: false });
    expect(report.models.map(({ name }: { name: string }) => name)).toEqual([
      "RNN (served)",
      "CNN (t=tA), the bundle's",
    ]);
    const [one, ...longer] = report.byFrames;
    expect(one).toMatchObject({ frames: 1, accuracy: { icm: { value: expect.any(Number) } } });
    expect(longer.at(-1).frames).toBeGreaterThan(1);
  });

  it("says in one sentence that the report cannot be written, and where", async () => {
    const dataset = await preparedStills();
    const blocked = join(await treeOf({ "report.html": "in the way" }), "report.html");

    const { exitCode, stderr } = await runCommand("evaluate", ["--dataset", dataset, "--out", blocked]);

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/report\.html could not take the report: /);
  });

  it("refuses a bundle of which one byte changed, and names the file", async () => {
    const bundle = await mkdtemp(join(tmpdir(), "blastograde-bundle-"));
    onTestFinished(() => rm(bundle, { recursive: true, force: true }));
    await cp(DEMO_BUNDLE, bundle, { recursive: true });
    const bytes = await readFile(join(bundle, "rnn.onnx"));
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(join(bundle, "rnn.onnx"), bytes);

    const { exitCode, stdout, stderr } = await evaluated(await preparedStills(), "--bundle", bundle);

    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`rnn.onnx of the model bundle ${bundle} has the SHA-256`);
  });

  it("refuses a network that is not what its list says", async () => {
    const networks = await networksFolder({ sha256: "0".repeat(64) });

    const { exitCode, stderr } = await evaluated(await preparedStills(), "--networks", networks);

    expect(exitCode).toBe(1);
    expect(stderr).toContain("cnn.onnx of");
  });

  it("refuses clips that another cropper cut", async () => {
    const { exitCode, stderr } = await evaluated(await preparedStills({ cropperSha256: "b".repeat(64) }));

    expect(exitCode).toBe(1);
    expect(stderr).toContain("was prepared with the cropper");
  });

  it("tells how to train what leaving one clinic out wants", async () => {
    const { exitCode, stderr } = await evaluated(await preparedStills(), "--leave-one-clinic-out");

    expect(exitCode).toBe(1);
    expect(stderr).toContain("--without-clinic NAME");
  });

  it("shows how it is called when an option is wrong", async () => {
    const { exitCode, stderr } = await runCommand("evaluate", ["--dataset", "set"]);

    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^--out is missing: the folder for the report\.\nUsage: npm run evaluate -- /);
  });
});
