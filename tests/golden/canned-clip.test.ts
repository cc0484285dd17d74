import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { cannedClip, cannedFiles } from "../../cli/canned/canned-clip.ts";
import { invokeModel } from "../../cli/invoke-model.ts";
import { Prediction } from "../../core/contracts/prediction.ts";
import { differencesOf } from "../../core/grading/same-prediction.ts";
import { loadBundle } from "../../model-container/bundle/load-bundle.ts";
import { startModelServer } from "../../model-container/server/server.ts";
import { DEMO_BUNDLE, silent } from "../contract/model-server.builders.ts";

/** One machine's CPU against another's. */
const TOLERANCE = 1e-4;

const files = cannedFiles(DEMO_BUNDLE);
const committed = new Uint8Array(await readFile(files.clip));
const expected = Prediction.parse(JSON.parse(await readFile(files.prediction, "utf8")));

it("is the clip that the crop path makes of the phantom today, to the byte", async () => {
  const clip = await cannedClip(await loadBundle(DEMO_BUNDLE));

  expect(createHash("sha256").update(clip).digest("hex")).toBe(expected.clipSha256);
  expect(Buffer.compare(clip, committed)).toBe(0);
});

it("is small, has an age, and shows an embryo of which the model is not certain", () => {
  const { hpi, meta } = npzClipFormat.decode(committed);

  expect(committed.length).toBeLessThan(1e6);
  expect(hpi).toHaveLength(6);
  expect(meta.ageYears).toBe(34);
  // Where a score is 0 or 1 a network that answers otherwise may round to the same.
  for (const score of [...Object.values(expected.icm.scores), expected.pregnancy!.rawScore]) {
    expect(score).toBeGreaterThan(1e-3);
    expect(score).toBeLessThan(1 - 1e-3);
  }
});

it("is answered by the model server as it was", async () => {
  const server = await startModelServer({ bundleDir: DEMO_BUNDLE, port: 0, threads: 2, logger: silent });

  const prediction = await invokeModel(server.url, committed).finally(() => server.close());

  expect(differencesOf(expected, prediction, TOLERANCE)).toEqual([]);
});
