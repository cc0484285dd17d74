import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { servedOutlines } from "../../cli/bundle/served-outlines.ts";
import { type LoadedBundle, loadBundle } from "../../model-container/bundle/load-bundle.ts";
import { DEMO_BUNDLE } from "../contract/model-server.builders.ts";

const OPTIONS = { threads: 2, resamples: 50 };

describe("the cropper's outlines of a test set", () => {
  let bundle: LoadedBundle;
  let dir: string;
  beforeAll(async () => {
    bundle = await loadBundle(DEMO_BUNDLE);
    dir = await mkdtemp(join(tmpdir(), "outlines-"));
  });
  afterAll(() => rm(dir, { recursive: true }));

  it("are measured on every embryo, and empty wells apart", async () => {
    const file = { schema: "blastograde/phantoms@1", seed: 77, embryos: 4, kinds: ["blastocyst", "empty"] };
    await writeFile(join(dir, "phantoms.json"), JSON.stringify(file));

    const outlines = await servedOutlines(bundle, dir, OPTIONS);

    expect(outlines).toMatchObject({ embryos: 2, notFound: 0, emptyWells: 2, falseFinds: 0 });
    expect(outlines.dice.value).toBeGreaterThan(0.93);
    expect(outlines.dice.value).toBeLessThan(1);
    expect(outlines.lowest).toBeLessThanOrEqual(outlines.dice.value);
  });

  it("cannot be measured without phantoms", async () => {
    const nothing = servedOutlines(bundle, tmpdir(), OPTIONS);

    await expect(nothing).rejects.toThrow("phantoms.json is missing");
  });
});
