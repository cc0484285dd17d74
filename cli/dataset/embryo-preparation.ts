import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { CLIP_SIZE, FOCAL_PLANES_UM } from "../../core/contracts/clip.ts";
import type { ExpansionEvidence } from "../../core/cropping/expansion-evidence.ts";
import { cropPlanes, findEmbryo } from "../../core/cropping/look.ts";
import type { SquareWindow } from "../../core/cropping/resample.ts";
import { isBlastogradeError } from "../../core/errors.ts";
import type { EmbryoSegmenter, PictureDecoder } from "../../core/ports.ts";
import { type CroppedSequence, cropSequence } from "../../core/stations/crop-sequence.ts";
import { chooseFocalPlanes, type FocalStack, hasDepth } from "../../core/timelapse/focal-planes.ts";
import { BLASTOCYST_STAGE_HPI } from "../../core/timelapse/hourly-grid.ts";
import type { EmbryoSource, Problem, SourceEmbryo } from "./embryo-source.ts";
import { MOMENTS, type Moment, type MomentVariants } from "./moments.ts";
import { ReadableFrames } from "./readable-frames.ts";
import { shiftsOf } from "./variants.ts";

/** What is wanted of every embryo. */
export interface Wanted {
  readonly moments: MomentVariants;
  /** Clips, and the evidence that comes with them. */
  readonly sequences: boolean;
  /** The evidence alone, of embryos without a label too: for the blastocyst criterion. */
  readonly evidenceOfAll: boolean;
}

/** What came out of one embryo. */
export interface EmbryoResult {
  readonly embryoId: string;
  /** Null where the embryo cannot be part of the data set; a problem says why. */
  readonly embryo: Omit<SourceEmbryo, "frames" | "problems" | "readFrames" | "close"> | null;
  /** uint8 [V, 3, 224, 224] of each moment that the embryo has. */
  readonly stills: Readonly<Partial<Record<Moment, Uint8Array>>>;
  /** The npz, where clips are wanted. */
  readonly clip: Uint8Array | null;
  /** Undefined where nobody looked; null where the crop station sees an empty well. */
  readonly evidence: ExpansionEvidence | null | undefined;
  readonly problems: readonly Problem[];
}

/** Names files and stands in CSV and in shells as it is. */
const USABLE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
/** Where tA is not given: the middle of 115 to 120 hpi. Kragh et al. 2019, section 2.1. */
const USUAL_ANNOTATION_HPI = 117.5;
/** How far from a fixed moment its capture may lie. */
const FIXED_MOMENT_H = 0.5;
const STILL_BYTES = FOCAL_PLANES_UM.length * CLIP_SIZE ** 2;

/**
 * Takes one embryo through the crop station's own code, so that training sees the bytes that serving sees. What is wrong
 * with the embryo ends as a problem, never as an error.
 *
 * @throws retryable errors, and what is no fault of the embryo
 */
export async function prepareEmbryo(
  source: EmbryoSource,
  embryoId: string,
  wanted: Wanted,
  ports: { readonly segmenter: EmbryoSegmenter; readonly pictures: PictureDecoder },
): Promise<EmbryoResult> {
  const problems: Problem[] = [];
  const nothing = { embryoId, embryo: null, stills: {}, clip: null, evidence: undefined, problems };
  const remark = (code: string, detail: string) => problems.push({ embryoId, code, detail });
  if (!USABLE_ID.test(embryoId)) {
    remark("EMBRYO_ID_UNUSABLE", "An embryo's id names files: 1 to 128 letters, digits, '.', '_' and '-'. Rename it.");
    return nothing;
  }
  try {
    const embryo = await source.open(embryoId);
    try {
      problems.push(...embryo.problems);
      const isLabelled = [embryo.icm, embryo.te, ...embryo.icmVotes, ...embryo.teVotes].some((grade) => grade !== null);
      if (!isLabelled && !wanted.evidenceOfAll) {
        remark("UNLABELLED", "There is neither a grade nor a vote for this embryo.");
        return nothing;
      }
      return { ...nothing, ...(await picturesOf(embryo, source.kind, wanted, ports, problems)) };
    } finally {
      await embryo.close();
    }
  } catch (error) {
    if (!isBlastogradeError(error)) throw new Error(`${embryoId} could not be prepared: ${error}`, { cause: error });
    if (error.retryable) throw error;
    remark(error.code, error.message);
    return nothing;
  }
}

async function picturesOf(
  embryo: SourceEmbryo,
  kind: EmbryoSource["kind"],
  { moments, sequences, evidenceOfAll }: Wanted,
  ports: { readonly segmenter: EmbryoSegmenter; readonly pictures: PictureDecoder },
  problems: Problem[],
): Promise<Pick<EmbryoResult, "embryo" | "stills" | "clip" | "evidence">> {
  const frames = new ReadableFrames(embryo, ports.pictures);
  const needsSequence = kind === "time-lapse" && (sequences || evidenceOfAll || moments.tMEB !== undefined);
  const sequence = needsSequence ? await croppedSequence(embryo, frames, ports, problems) : null;

  const stills: Partial<Record<Moment, Uint8Array>> = {};
  for (const moment of MOMENTS.filter((name) => moments[name] !== undefined)) {
    const at = momentHpi(moment, embryo, sequence);
    const still =
      at &&
      (await untilReadable(frames, () =>
        stillVariants(kind === "still" ? frames.stacks : deepStacks(frames), at, moments[moment]!, frames, ports),
      ));
    if (still === "no embryo") {
      const detail = `The cropper finds no embryo in the picture of ${moment}.`;
      problems.push({ embryoId: embryo.embryoId, code: "EMBRYO_NOT_FOUND", detail });
    } else if (still) stills[moment] = still;
  }
  problems.push(...frames.problems);

  const isWhole = sequences ? sequence !== null : evidenceOfAll || Object.keys(stills).length > 0;
  if (!isWhole && problems.length === embryo.problems.length) {
    const detail = `No capture from ${BLASTOCYST_STAGE_HPI} hpi on lies near a wanted moment.`;
    problems.push({ embryoId: embryo.embryoId, code: "MOMENTS_MISSING", detail });
  }
  const { frames: _, problems: __, readFrames: ___, close: ____, ...known } = embryo;
  return {
    embryo: isWhole ? known : null,
    stills,
    clip: sequences && sequence !== null ? clipOf(embryo, sequence, ports.segmenter) : null,
    evidence: needsSequence ? (sequence?.evidence ?? null) : undefined,
  };
}

/** @returns null where the crop station would reject the embryo, which is said as a problem */
async function croppedSequence(
  embryo: SourceEmbryo,
  frames: ReadableFrames,
  { segmenter, pictures }: { readonly segmenter: EmbryoSegmenter; readonly pictures: PictureDecoder },
  problems: Problem[],
): Promise<CroppedSequence | null> {
  const meter = { run: <T>(_stage: string, work: () => Promise<T>) => work() };
  const readFrame = (file: string) => frames.read(file);
  try {
    return await untilReadable(frames, () => cropSequence(frames.frames, { pictures, segmenter, meter, readFrame }));
  } catch (error) {
    if (!isBlastogradeError(error) || error.retryable) throw error;
    problems.push({ embryoId: embryo.embryoId, code: error.code, detail: error.message });
    return null;
  }
}

/** Begins again without the time of each picture that turns out to be damaged. */
async function untilReadable<T>(frames: ReadableFrames, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!frames.leaveOut(error)) throw error;
    }
  }
}

interface Target {
  readonly hpi: number;
  /** How far the nearest capture may be. */
  readonly withinH: number;
}

function momentHpi(moment: Moment, embryo: SourceEmbryo, sequence: CroppedSequence | null): Target | null {
  if (moment === "tA") return { hpi: embryo.annotatedHpi ?? USUAL_ANNOTATION_HPI, withinH: Number.POSITIVE_INFINITY };
  if (moment === "tMEB") return sequence && { hpi: sequence.sequence.tMebHpi, withinH: FIXED_MOMENT_H };
  return { hpi: Number(moment), withinH: FIXED_MOMENT_H };
}

/** The times that a clip could be made of. */
function deepStacks(frames: ReadableFrames): FocalStack[] {
  return frames.stacks.filter((stack) => stack.hpi >= BLASTOCYST_STAGE_HPI && hasDepth(stack));
}

/**
 * The still at a time and its augmentations, uint8 [V, 3, 224, 224]; null where nothing was captured near it. Where the
 * embryo is lost in a shifted variant, it is where the unshifted one has it.
 */
async function stillVariants(
  stacks: readonly FocalStack[],
  { hpi, withinH }: Target,
  count: number,
  frames: ReadableFrames,
  { segmenter }: { readonly segmenter: EmbryoSegmenter },
): Promise<Uint8Array | "no embryo" | null> {
  const unshifted = nearest(stacks, hpi);
  if (unshifted === null || Math.abs(unshifted.hpi - hpi) > withinH) return null;
  const stills = new Uint8Array(count * STILL_BYTES);
  const shifts = shiftsOf(count);
  let usual: SquareWindow | null = null;
  for (const hours of new Set(shifts.map((shift) => shift.hours))) {
    const stack = nearest(stacks, hpi + hours)!;
    const ofThisTime = shifts.flatMap((shift, variant) =>
      shift.hours === hours ? [{ variant, frames: chooseFocalPlanes(stack, shift.focalUm).frames }] : [],
    );
    const pictures = await frames.decode(ofThisTime.flatMap((chosen) => chosen.frames.map(({ file }) => file)));
    for (const { variant, frames: chosen } of ofThisTime) {
      const planes = chosen.map(({ file }) => pictures.get(file)!);
      const window: SquareWindow | null = (await findEmbryo(planes, segmenter)).window ?? usual;
      if (window === null) return "no embryo";
      usual ??= window;
      stills.set(cropPlanes(planes, window), variant * STILL_BYTES);
    }
  }
  return stills;
}

function nearest(stacks: readonly FocalStack[], hpi: number): FocalStack | null {
  return stacks.reduce<FocalStack | null>(
    (best, stack) => (best === null || Math.abs(stack.hpi - hpi) < Math.abs(best.hpi - hpi) ? stack : best),
    null,
  );
}

function clipOf({ archiveDigest, ageYears }: SourceEmbryo, sequence: CroppedSequence, segmenter: EmbryoSegmenter) {
  return npzClipFormat.encode({
    frames: sequence.frames,
    hpi: sequence.hpi,
    meta: { schema: "blastograde/clip@1", archiveDigest, cropperSha256: segmenter.sha256, ageYears },
  });
}
