import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cannedFiles } from "../../cli/canned/canned-clip.ts";
import { StageInvalid } from "../../infra/stage.ts";
import { synthesise } from "../builders/synth.ts";

const DEMO = "model-container/models/demo";

describe("a stage's model bundle", () => {
  let folder: string;
  let bundle: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "blastograde-bundle-"));
    // From the root of the repository, as a stage names it.
    bundle = join(relative(".", folder), "north");
    await cp(DEMO, bundle, { recursive: true });
    await cp(cannedFiles(DEMO).clip, cannedFiles(bundle).clip);
    await cp(cannedFiles(DEMO).prediction, cannedFiles(bundle).prediction);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const refusal = () =>
    synthesise({ stage: { modelBundle: bundle } }).then(
      () => null,
      (error: unknown) => error,
    );

  it.each(["", "/"])("is found with %j at its end", async (end) => {
    const synthesised = await synthesise({ stage: { modelBundle: `${bundle}${end}` } });

    expect(synthesised.functions).toHaveLength(7);
    await synthesised.close();
  });

  it.each(["clip", "prediction"] as const)("is refused without its canned %s, with what makes it", async (kind) => {
    const missing = cannedFiles(bundle)[kind];
    await rm(missing);

    const error = await refusal();

    expect(error).toBeInstanceOf(StageInvalid);
    expect(String(error)).toContain(`modelBundle: ${missing}, `);
    expect(String(error)).toContain(`npm run canned-clip -- --bundle ${bundle}.`);
  });

  it("is refused when it is none, with the field's name", async () => {
    await rm(join(bundle, "manifest.json"));

    expect(String(await refusal())).toContain(`modelBundle: ${bundle} holds no model bundle`);
  });
});
