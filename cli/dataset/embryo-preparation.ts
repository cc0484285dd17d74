import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import type { Warning } from "../../core/contracts/identifiers.ts";
import type { ExpansionEvidence } from "../../core/cropping/expansion-evidence.ts";
import { isBlastogradeError } from "../../core/errors.ts";
import type { EmbryoSegmenter, PictureDecoder } from "../../core/ports.ts";
import { type CroppedSequence, cropSequence } from "../../core/stations/crop-sequence.ts";
import { WarningLog } from "../../core/stations/warnings.ts";
import { BLASTOCYST_STAGE_HPI } from "../../core/timelapse/hourly-grid.ts";
import type { EmbryoSource, Problem, SourceEmbryo } from "./embryo-source.ts";
import { MOMENTS, type Moment, type MomentVariants } from "./moments.ts";
import { ReadableFrames } from "./readable-frames.ts";
import { flatTimes, momentTarget, type Still, type StillSource, stillAt } from "./stills.ts";

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
  const reasons: Problem[] = [];
  const reason = (code: string, detail: string) => reasons.push({ embryoId: embryo.embryoId, code, detail });
  const sequence = needsSequence ? await croppedSequence(embryo, frames, ports, reasons) : null;

  const stills: Partial<Record<Moment, Still>> = {};
  const source: StillSource = { frames, segmenter: ports.segmenter, isOnePlane: kind === "still" };
  // An embryo without the clip that is wanted is left out, stills and all.
  for (const moment of sequences && sequence === null ? [] : MOMENTS) {
    const count = moments[moment];
    const target = momentTarget(moment, embryo, sequence?.sequence.tMebHpi ?? null);
    const still = count !== undefined && target !== null ? await stillAt(target, count, source) : null;
    if (still === "no embryo") {
      reason("EMBRYO_NOT_FOUND", `The cropper finds no embryo in the picture of ${moment}.`);
    } else if (still !== null) stills[moment] = still;
  }

  const isWhole = sequences ? sequence !== null : evidenceOfAll || Object.keys(stills).length > 0;
  if (!isWhole && reasons.length === 0 && frames.problems.length === 0) {
    reason("MOMENTS_MISSING", `No capture from ${BLASTOCYST_STAGE_HPI} hpi on lies near a wanted moment.`);
  }
  const ofStills = Object.values(stills).flatMap(({ warnings }) => warnings);
  const remarks = onceEach(sequence?.warnings ?? [], kind === "still" ? ofStills : [...flatTimes(frames), ...ofStills]);
  problems.push(...remarks.map((warning) => ({ embryoId: embryo.embryoId, ...warning })));
  // Why an embryo is left out comes last: the evaluation counts it by that.
  problems.push(...frames.problems, ...reasons);
  const { frames: _, problems: __, readFrames: ___, close: ____, ...known } = embryo;
  return {
    embryo: isWhole ? known : null,
    stills: Object.fromEntries(Object.entries(stills).map(([moment, { variants }]) => [moment, variants])),
    clip: sequences && sequence !== null ? clipOf(embryo, sequence, ports.segmenter) : null,
    evidence: needsSequence ? (sequence?.evidence ?? null) : undefined,
  };
}

/** @returns null where the crop station would reject the embryo, which is said as a reason */
async function croppedSequence(
  embryo: SourceEmbryo,
  frames: ReadableFrames,
  { segmenter, pictures }: { readonly segmenter: EmbryoSegmenter; readonly pictures: PictureDecoder },
  reasons: Problem[],
): Promise<CroppedSequence | null> {
  const meter = { run: <T>(_stage: string, work: () => Promise<T>) => work() };
  const readFrame = (file: string) => frames.read(file);
  try {
    return await frames.untilReadable(() => cropSequence(frames.frames, { pictures, segmenter, meter, readFrame }));
  } catch (error) {
    if (!isBlastogradeError(error) || error.retryable) throw error;
    reasons.push({ embryoId: embryo.embryoId, code: error.code, detail: error.message });
    return null;
  }
}

/** The crop station's remarks on an embryo, each code once: the sequence's, and of the stills' what it does not say. */
function onceEach(ofSequence: readonly Warning[], ofStills: readonly Warning[]): Warning[] {
  const log = new WarningLog();
  for (const warning of ofStills) log.add(warning);
  return [...ofSequence, ...log.list().filter(({ code }) => ofSequence.every((warning) => warning.code !== code))];
}

function clipOf({ archiveDigest, ageYears }: SourceEmbryo, sequence: CroppedSequence, segmenter: EmbryoSegmenter) {
  return npzClipFormat.encode({
    frames: sequence.frames,
    hpi: sequence.hpi,
    meta: {
      schema: "blastograde/clip@1",
      archiveDigest,
      cropperSha256: segmenter.sha256,
      ageYears,
      kind: "time-lapse",
    },
  });
}
