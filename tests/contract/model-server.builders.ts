import { createHash } from "node:crypto";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import type { ClipMeta } from "../../core/contracts/clip.ts";
import { loadBundle } from "../../model-container/bundle/load-bundle.ts";
import { sealBundle } from "../../model-container/bundle/seal-bundle.ts";

export const DEMO_BUNDLE = join(import.meta.dirname, "../../model-container/models/demo");
export const silent = pino({ level: "silent" });

const { manifest: demo } = await loadBundle(DEMO_BUNDLE);
const FRAME_BYTES = 3 * 224 * 224;

/** Deterministic noise, another for each seed; its first bytes can be set, as the scripted worker's orders. */
export function clipFrames(options: { frames: number; seed?: number; orders?: readonly number[] }): Uint8Array {
  const pixels = new Uint8Array(options.frames * FRAME_BYTES);
  let state = (options.seed ?? 1) * 2654435761;
  for (let index = 0; index < pixels.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    pixels[index] = state >>> 24;
  }
  pixels.set(options.orders ?? []);
  return pixels;
}

export function clipBytes(options: { frames: number; seed?: number; orders?: readonly number[] }): Uint8Array {
  return clipOf(clipFrames(options));
}

/** A clip of these frames: by the demo's cropper, of a time-lapse and without an age, unless `meta` says otherwise. */
export function clipOf(frames: Uint8Array, meta: Partial<ClipMeta> = {}): Uint8Array {
  return npzClipFormat.encode({
    frames,
    hpi: Float32Array.from({ length: frames.length / FRAME_BYTES }, (_, t) => 90 + t),
    meta: {
      schema: "blastograde/clip@1",
      archiveDigest: "a".repeat(64),
      cropperSha256: demo.networks.cropper.sha256,
      ageYears: null,
      kind: "time-lapse",
      ...meta,
    },
  });
}

export const gradeCalibrator = {
  icm: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  te: [
    [0.75, 0, 0],
    [0.25, 1, 0],
    [0, 0, 1],
  ],
} satisfies Parameters<typeof sealBundle>[0]["gradeCalibrator"];

/** A sealed bundle whose networks are no networks: for tests in which nothing runs them. */
export async function hollowBundle(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "bundle-"));
  for (const file of ["cropper.onnx", "cnn.onnx", "rnn.onnx", "MODEL_CARD.md", "metrics.json"]) {
    await writeFile(join(dir, file), `what ${file} would hold`);
  }
  await sealBundle({ dir, name: "hollow", demo: true, features: 4, gradeCalibrator });
  return dir;
}

/** The digest of a {@link hollowBundle}'s cropper. */
export const HOLLOW_CROPPER = createHash("sha256").update("what cropper.onnx would hold").digest("hex");

export function invoke(url: string, clip: Uint8Array, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/invocations`, {
    method: "POST",
    headers: { "Content-Type": "application/x-npz", ...headers },
    body: clip as Uint8Array<ArrayBuffer>,
  });
}
