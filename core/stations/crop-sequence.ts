import { FRAMES_AT_MOST } from "../contracts/clip.ts";
import type { Sequence } from "../contracts/grading.ts";
import type { Warning } from "../contracts/identifiers.ts";
import type { Frame } from "../contracts/time-lapse.ts";
import { CROP_FRACTION } from "../cropping/crop-window.ts";
import { type ExpansionEvidence, expansionEvidence } from "../cropping/expansion-evidence.ts";
import { cropPlanes, findEmbryo, type Look, lookWarnings, refuseOtherSize } from "../cropping/look.ts";
import type { SquareWindow } from "../cropping/resample.ts";
import { EmptyWell, errorAt, isBlastogradeError, NoBlastocystStage } from "../errors.ts";
import type { EmbryoSegmenter, GreyImage, PictureDecoder, StageMeter } from "../ports.ts";
import {
  type ChosenPlanes,
  chooseFocalPlanes,
  type FocalStack,
  focalStacks,
  hasDepth,
} from "../timelapse/focal-planes.ts";
import { BLASTOCYST_STAGE_HPI, hourlyGrid } from "../timelapse/hourly-grid.ts";
import { findMaximumExpansion } from "../timelapse/maximum-expansion.ts";
import { sequenceUpTo } from "../timelapse/sequence.ts";
import { WarningLog } from "./warnings.ts";

export interface CropSequencePorts {
  readonly pictures: PictureDecoder;
  readonly segmenter: EmbryoSegmenter;
  readonly meter: StageMeter;
  /** Reads one frame's file. */
  readonly readFrame: (file: string) => Promise<Uint8Array>;
}

/** A sequence ready to become a clip. */
export interface CroppedSequence {
  /** uint8 [T, 3, 224, 224], chronological. */
  readonly frames: Uint8Array;
  /** float32 [T]. */
  readonly hpi: Float32Array;
  readonly sequence: Sequence;
  readonly evidence: ExpansionEvidence;
  readonly warnings: Warning[];
}

/** One hour of the grid, cropped. */
interface CroppedHour {
  readonly hpi: number;
  readonly crop: Uint8Array;
  readonly window: SquareWindow;
  readonly look: Look;
  readonly chosen: ChosenPlanes;
  readonly warnings: readonly Warning[];
}

// Fewer than half of the hours with an embryo: what the cropper saw in the others is debris.
const SMALLEST_SHARE_WITH_EMBRYO = 0.5;
// Measured on the demo bundle: its card has the accuracy by number of frames.
const RELIABLE_FRAMES = 20;

/**
 * Turns validated frames into the sequence a model sees: hourly grid, three planes, cropper, tMEB, selection, crop.
 *
 * Each picture is read once, and cropped at once, so that memory holds one time of full pictures whatever the archive.
 *
 * @throws EmptyWell; ImageSizesDiffer; whatever reading and decoding a frame throws
 * @see Kragh et al. 2019, section 2.1 and appendix
 */
export async function cropSequence(frames: readonly Frame[], ports: CropSequencePorts): Promise<CroppedSequence> {
  const hours = await cropHours(frames, ports);
  const found = hours.filter(({ look }) => look.mask !== null);
  if (found.length < SMALLEST_SHARE_WITH_EMBRYO * hours.length) {
    throw new EmptyWell(
      `An embryo is seen in ${found.length} of ${hours.length} hourly pictures from 90 hpi on: the well looks empty. ` +
        "Check that the archive is of the right well.",
    );
  }

  const areas = hours.map(({ look }) => look.mask?.fieldFraction ?? 0);
  const tMeb = findMaximumExpansion(hours.map(({ hpi }, position) => ({ hpi, area: areas[position]! })));
  const chosen = sequenceUpTo(hours, tMeb);
  const { crop, look, window, hpi: tMebHpi } = hours[tMeb]!;
  const evidence = expansionEvidence(
    areas.slice(0, tMeb + 1).filter((area) => area > 0),
    crop,
    look.mask!,
    window,
  );

  const clip = new Uint8Array(chosen.length * crop.length);
  chosen.forEach((hour, position) => {
    clip.set(hour.crop, position * crop.length);
  });
  return {
    frames: clip,
    hpi: Float32Array.from(chosen, ({ hpi }) => hpi),
    sequence: {
      kind: "time-lapse",
      framesUsed: chosen.length,
      firstHpi: chosen[0]!.hpi,
      tMebHpi,
      focalPlanesUm: hours[tMeb]!.chosen.frames.map(({ focalPlaneUm }) => focalPlaneUm),
    },
    evidence,
    warnings: [...flatStackWarnings(frames), ...sequenceWarnings(chosen)],
  };
}

async function cropHours(frames: readonly Frame[], ports: CropSequencePorts): Promise<CroppedHour[]> {
  const stacks = blastocystStacks(frames).filter(hasDepth);
  const grid = hourlyGrid(stacks.map(({ hpi }) => hpi)).map((index) => stacks[index]!);
  if (grid.length === 0) throw new NoBlastocystStage("No usable frame from 90 hpi on. Upload a later archive.");

  const { meter, segmenter } = ports;
  // A stage within "segment": the network's time is told apart from that of the work around it.
  const network: EmbryoSegmenter = {
    sha256: segmenter.sha256,
    segment: (pictures) => meter.run("network", () => segmenter.segment(pictures)),
  };
  const hours: CroppedHour[] = [];
  let first: GreyImage | undefined;
  for (const stack of grid) {
    const { planes, chosen, warnings } = await readStack(stack, ports);
    first ??= planes[0]!;
    refuseOtherSize(planes[0]!, first);
    const look = await meter.run("segment", () => findEmbryo(planes, network));
    // Where the embryo is not found it is most likely where it was an hour ago.
    const window: SquareWindow = look.window ?? hours.at(-1)?.window ?? centralWindow(first);
    const crop = await meter.run("crop", async () => cropPlanes(planes, window));
    hours.push({ hpi: stack.hpi, crop, window, look, chosen, warnings });
  }
  return hours;
}

async function readStack(stack: FocalStack, { readFrame, pictures, meter }: CropSequencePorts) {
  const chosen = chooseFocalPlanes(stack);
  const warnings: Warning[] = [];
  const decoded = new Map<string, GreyImage>();
  for (const { file } of chosen.frames) {
    if (decoded.has(file)) continue;
    const bytes = await meter.run("read", () => readFrame(file));
    const picture = await meter.run("decode", () => decodeFrame(file, bytes, pictures));
    decoded.set(file, picture.image);
    warnings.push(...picture.warnings);
  }
  return { planes: chosen.frames.map(({ file }) => decoded.get(file)!), chosen, warnings };
}

async function decodeFrame(file: string, bytes: Uint8Array, pictures: PictureDecoder) {
  try {
    return await pictures.decodeGrey(bytes);
  } catch (error) {
    // Of hundreds of pictures the clinic has to know which one to export again.
    throw isBlastogradeError(error) ? errorAt(file, error) : error;
  }
}

function centralWindow({ width, height }: GreyImage): SquareWindow {
  const size = Math.round(CROP_FRACTION * Math.min(width, height));
  return { left: Math.round((width - size) / 2), top: Math.round((height - size) / 2), size };
}

function blastocystStacks(frames: readonly Frame[]): FocalStack[] {
  return focalStacks(frames.filter(({ hpi }) => hpi >= BLASTOCYST_STAGE_HPI));
}

function flatStackWarnings(frames: readonly Frame[]): Warning[] {
  const flat = blastocystStacks(frames).filter((stack) => !hasDepth(stack));
  if (flat.length === 0) return [];
  const detail = `${flat.length} times from 90 hpi on have a single focal plane and were left out.`;
  return [{ code: "SINGLE_PLANE_TIMES", detail }];
}

function sequenceWarnings(chosen: readonly CroppedHour[]): Warning[] {
  const log = new WarningLog();
  const shortness = shortnessWarning(chosen.length);
  if (shortness) log.add(shortness);
  for (const { chosen: planes, look, warnings } of chosen) {
    if (planes.substitutedUm.length > 0) {
      const missing = planes.substitutedUm.map((um) => `${um} um`).join(", ");
      log.add({ code: "FOCAL_PLANE_SUBSTITUTED", detail: `The nearest plane stands in for ${missing}.` });
    }
    if (look.mask === null) {
      log.add({ code: "EMBRYO_NOT_FOUND", detail: "The embryo was not found in an hour; the hour before says where." });
    }
    for (const warning of [...lookWarnings(look), ...warnings]) log.add(warning);
  }
  return log.list();
}

function shortnessWarning(frames: number): Warning | null {
  const weaker =
    `With fewer than ${RELIABLE_FRAMES} the network is right less often (its model card says how often). Do not rely on these ` +
    "grades; upload an archive that begins at 90 hpi.";
  if (frames === 1) return { code: "SINGLE_FRAME", detail: `The grades rest on a single hour. ${weaker}` };
  if (frames < RELIABLE_FRAMES) {
    return { code: "SHORT_SEQUENCE", detail: `The grades rest on ${frames} hourly frames. ${weaker}` };
  }
  if (frames < FRAMES_AT_MOST) {
    const detail = `The grades rest on ${frames} hourly frames; the network is made for up to ${FRAMES_AT_MOST}.`;
    return { code: "FEWER_FRAMES", detail };
  }
  return null;
}
