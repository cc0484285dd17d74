import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { calibratorBeside, loadCalibrator } from "../../cli/local-calibrator.ts";
import type { LoadedBundle } from "../../model-container/bundle/load-bundle.ts";
import { aCalibrator } from "../builders/calibrators.ts";
import { digestOf, temporaryFolder } from "./builders.ts";

const modelSha256 = digestOf("model");

/** A bundle of which nothing but its place and its digest matters. */
async function aBundle(): Promise<LoadedBundle> {
  const dir = join(await temporaryFolder(), "north");
  return { dir, manifest: { modelSha256 } as LoadedBundle["manifest"] };
}

describe("the clinic's pregnancy calibrator", () => {
  const text = JSON.stringify(aCalibrator({ modelSha256 }));

  it.each(["", "/"])("lies beside the bundle, whether its folder is written with '%s' or not", async (slash) => {
    const bundle = await aBundle();
    await writeFile(`${bundle.dir}.pregnancy-calibrator.json`, text);

    const served = await loadCalibrator({ ...bundle, dir: bundle.dir + slash }, null);

    expect(served).toEqual({
      calibrator: aCalibrator({ modelSha256 }),
      sha256: createHash("sha256").update(text).digest("hex"),
    });
  });

  it("need not be there", async () => {
    expect(await loadCalibrator(await aBundle(), null)).toBeNull();
  });

  it("is another file where one is named", async () => {
    const bundle = await aBundle();
    const named = `${bundle.dir}-2026.json`;
    await writeFile(calibratorBeside(bundle.dir), "not this one");
    await writeFile(named, text);

    expect((await loadCalibrator(bundle, named))?.calibrator).toEqual(aCalibrator({ modelSha256 }));
  });

  it("stops the start where it is another model's, and says both digests and what to do", async () => {
    const bundle = await aBundle();
    await writeFile(calibratorBeside(bundle.dir), JSON.stringify(aCalibrator({ modelSha256: digestOf("other") })));

    const loading = loadCalibrator(bundle, null);

    await expect(loading).rejects.toMatchObject({ code: "CALIBRATOR_OF_OTHER_MODEL", retryable: false });
    for (const said of [digestOf("other"), modelSha256, "npm run fit-calibrator", "PREGNANCY_CALIBRATOR"]) {
      await expect(loading).rejects.toThrow(said);
    }
  });

  it.each([
    ["is not JSON", "{"],
    ["has no schema", "{}"],
    ["has a probability that falls", text.replace('"probability":0.5', '"probability":0.1')],
    ["promises a pregnancy", text.replaceAll(/"probability":0\.6+7?/g, '"probability":1')],
  ])("stops the start where it %s", async (_what, written) => {
    const bundle = await aBundle();
    await writeFile(calibratorBeside(bundle.dir), written);

    await expect(loadCalibrator(bundle, null)).rejects.toMatchObject({
      code: "CALIBRATOR_INVALID",
      message: expect.stringContaining(calibratorBeside(bundle.dir)),
    });
  });

  it("stops the start where it cannot be read, or was named and is not there", async () => {
    const bundle = await aBundle();
    await mkdir(calibratorBeside(bundle.dir));

    await expect(loadCalibrator(bundle, null)).rejects.toMatchObject({ code: "CALIBRATOR_INVALID" });
    await expect(loadCalibrator(bundle, `${bundle.dir}.json`)).rejects.toMatchObject({ code: "CALIBRATOR_INVALID" });
  });
});
