import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { FRAMES_AT_MOST } from "../../core/contracts/clip.ts";
import { Prediction } from "../../core/contracts/prediction.ts";
import { refuseNonBlastocyst } from "../../core/cropping/blastocyst-criterion.ts";
import { isBlastogradeError } from "../../core/errors.ts";
import { plainImage } from "../../core/pregnancy/enhanced-image.ts";
import { pregnancyStill } from "../../core/pregnancy/pregnancy-still.ts";
import { startModelServer } from "../../model-container/server/server.ts";
import { clipFile, type EvaluatedDataSet } from "../evaluation/prepared-data-set.ts";
import { standardErrorLogger } from "../log.ts";
import { readEvidence, readStill } from "./dataset-reader.ts";

/** What the model server said of a data set's embryos. */
export interface ServedPredictions {
  readonly predictions: ReadonlyMap<string, Prediction>;
  /** Embryos whose grade the crop station withholds, whose clip the server refused as no clip, or that have none. */
  readonly refused: readonly { readonly embryoId: string; readonly code: string; readonly detail: string }[];
}

export interface ServedOptions {
  readonly threads: number;
  /** Only so many frames of each clip, the last ones, as from an archive that begins late. @default all */
  readonly lastFrames?: number;
  /** The centre plane at tMEB alone, as if it had been uploaded as a still. @default false */
  readonly asStills?: boolean;
  /** Called after each embryo. */
  readonly onAnswer?: (answered: number) => void;
}

const Refusal = z.object({ code: z.string(), detail: z.string() });
const CLIP_MISSING = { code: "CLIP_MISSING", detail: "The data set has no clip of this embryo." };

/**
 * Sends the clips of a data set through the model server on a free port, one after the other. The server verifies every
 * digest of the bundle before it answers. As in service, an embryo that did not become a blastocyst never gets there.
 *
 * A data set of single stills has no clips: each still at tA is served as a clip of one frame.
 *
 * @throws BundleDamaged that names the file; Error when the server fails at a clip that is whole
 */
export async function servedPredictions(
  bundleDir: string,
  dataSet: EvaluatedDataSet,
  { threads, lastFrames = FRAMES_AT_MOST, asStills = false, onAnswer }: ServedOptions,
): Promise<ServedPredictions> {
  const logger = standardErrorLogger("error");
  const server = await startModelServer({ bundleDir, port: 0, threads, logger });
  const withheld = await withheldGrades(dataSet);
  const predictions = new Map<string, Prediction>();
  const refused: ServedPredictions["refused"][number][] = [];
  try {
    for (const [n, embryo] of dataSet.embryos.entries()) {
      const { embryoId } = embryo;
      const clip = dataSet.manifest.sequences
        ? await sequenceClip(dataSet, embryoId)
        : await stillClip(dataSet, embryo);
      onAnswer?.(n + 1);
      if (withheld.has(embryoId) || clip === null) {
        refused.push({ embryoId, ...(withheld.get(embryoId) ?? CLIP_MISSING) });
        continue;
      }
      const answer = await fetch(`${server.url}/invocations`, {
        method: "POST",
        headers: { "Content-Type": "application/x-npz" },
        body: (asStills ? stillOf(clip) : shortened(clip, lastFrames)) as Uint8Array<ArrayBuffer>,
      });
      const body: unknown = await answer.json();
      if (answer.ok) predictions.set(embryoId, Prediction.parse(body));
      else if (answer.status === 400) refused.push({ embryoId, ...Refusal.parse(body) });
      else throw new Error(`${embryoId}: the model server answered ${answer.status}: ${Refusal.parse(body).detail}`);
    }
    return { predictions, refused };
  } finally {
    await server.close();
  }
}

/** What the crop station says, by its own rule, of each embryo that it gives no clip of. Stills go without that rule. */
async function withheldGrades({ dir, manifest }: EvaluatedDataSet): Promise<Map<string, z.infer<typeof Refusal>>> {
  const withheld = new Map<string, z.infer<typeof Refusal>>();
  if (!manifest.sequences) return withheld;
  for (const { embryoId, evidence } of await readEvidence(dir)) {
    try {
      if (evidence !== null) refuseNonBlastocyst(evidence);
    } catch (error) {
      if (!isBlastogradeError(error)) throw error;
      withheld.set(embryoId, { code: error.code, detail: error.message });
    }
  }
  return withheld;
}

/** @returns null when there is none */
async function sequenceClip({ dir }: EvaluatedDataSet, embryoId: string): Promise<Uint8Array | null> {
  try {
    return new Uint8Array(await readFile(clipFile(dir, embryoId)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

async function stillClip(
  { dir, manifest }: EvaluatedDataSet,
  { row, moments }: EvaluatedDataSet["embryos"][number],
): Promise<Uint8Array | null> {
  if (!moments.has("tA")) return null;
  const frames = await readStill(dir, "tA", row);
  const archiveDigest = createHash("sha256").update(frames).digest("hex");
  return npzClipFormat.encode({
    frames,
    // A still is of no known hour, and the networks do not look at it.
    hpi: Float32Array.of(0),
    meta: {
      schema: "blastograde/clip@1",
      archiveDigest,
      cropperSha256: manifest.cropperSha256,
      ageYears: null,
      kind: "time-lapse",
    },
  });
}

/** The clip that the crop station makes of a single picture: one plane for all three. @throws ClipInvalid */
function stillOf(bytes: Uint8Array): Uint8Array {
  const clip = npzClipFormat.decode(bytes);
  return npzClipFormat.encode({
    frames: plainImage(pregnancyStill(clip)),
    hpi: Float32Array.of(0),
    meta: { ...clip.meta, kind: "still" },
  });
}

/** @throws ClipInvalid where less than the whole of a clip is wanted that is none; a whole one is the server's to judge */
function shortened(bytes: Uint8Array, lastFrames: number): Uint8Array {
  if (lastFrames >= FRAMES_AT_MOST) return bytes;
  const { frames, hpi, meta } = npzClipFormat.decode(bytes);
  const first = Math.max(0, hpi.length - lastFrames);
  const frameBytes = frames.length / hpi.length;
  return npzClipFormat.encode({ frames: frames.subarray(first * frameBytes), hpi: hpi.subarray(first), meta });
}
