import type { Grade } from "../core/contracts/grades.ts";
import { annotatorAt, CLINICS, type ClinicName, ICM_SCALE, TE_SCALE, votesFor } from "./annotators.ts";
import type { InstrumentName } from "./instruments.ts";
import { type PhantomKind, peakHpi } from "./kinetics.ts";
import { isTransferred, transferOutcome } from "./outcome.ts";
import { RandomStream } from "./random.ts";

/** One well of a synthetic slide: everything that is true of it, and nothing drawn yet. */
export interface PhantomEmbryo {
  readonly seed: number;
  readonly index: number;
  readonly instrument: InstrumentName;
  readonly kind: PhantomKind;
  readonly embryoId: string;
  /** Three to eight embryos of consecutive indices share one. */
  readonly cycleId: string;
  /** Where the cycle was treated; clinics differ in their incubators and in how strictly they grade. */
  readonly clinicId: ClinicName;
  /** One age per cycle. */
  readonly ageYears: number;
  /** Capture times in hours post insemination, ascending, to a hundredth. */
  readonly captureHpi: readonly number[];
  /** Continuous qualities in 0..1; 1 is best. They decide what is drawn and what is voted. */
  readonly latentIcm: number;
  readonly latentTe: number;
  /** True time of the largest area; within the captured range. */
  readonly tMebHpi: number;
  /** When the embryologist annotated: a capture, at 115 to 120 hpi where there is one. */
  readonly tAHpi: number;
  /** Eleven votes, in the order of the annotators; none for any kind but a blastocyst. */
  readonly icmVotes: readonly Grade[];
  readonly teVotes: readonly Grade[];
  /** The word of the one annotator who graded it in its clinic, as a training label; null without votes. */
  readonly icmLabel: Grade | null;
  readonly teLabel: Grade | null;
  /** Whether its transfer came to a gestational sac; null where it was not transferred. */
  readonly outcome: 0 | 1 | null;
}

export interface PhantomOptions {
  /** Whole numbers of at most 53 bits, not negative. */
  readonly seed: number;
  readonly index: number;
  /** @default one per cycle, an EmbryoScope or EmbryoScope+, more of the one or the other by clinic */
  readonly instrument?: InstrumentName;
  /** @default drawn: 4 % empty, 6 % arrested, else blastocyst */
  readonly kind?: PhantomKind;
  /** First and last moment of the time-lapse in hours post insemination. @default 85 and 125 */
  readonly firstHpi?: number;
  readonly lastHpi?: number;
  /** Minutes between captures, at least 2. @default drawn from 10..20 */
  readonly spacingMinutes?: number;
  /** Qualities in 0..1. @default drawn */
  readonly latentIcm?: number;
  readonly latentTe?: number;
}

const EMPTY_SHARE = 0.04;
const ARRESTED_SHARE = 0.06;
const MIN_SPACING_MINUTES = 2;
/** Share of EmbryoScopes among the incubators of each clinic; the others are EmbryoScope+. */
const EMBRYOSCOPE_SHARE: Record<ClinicName, number> = {
  "clinic-1": 0.9,
  "clinic-2": 0.3,
  "clinic-3": 0.65,
  "clinic-4": 0.5,
};
// Two cycles of 3 to 8 embryos each; fixed blocks find an index's cycle without counting from zero.
const CYCLE_BLOCK = 11;

/**
 * The embryo of a seed and an index. Deterministic in all options; what one option forces changes no other draw.
 *
 * @throws RangeError for options outside the ranges of {@link PhantomOptions}
 */
export function phantomEmbryo(options: PhantomOptions): PhantomEmbryo {
  const { seed, index, firstHpi = 85, lastHpi = 125 } = options;
  checkOptions(options, firstHpi, lastHpi);
  const cycle = cycleOf(seed, index);
  const kindDraw = new RandomStream(seed, index, "kind").next();
  const drawnKind =
    kindDraw < EMPTY_SHARE ? "empty" : kindDraw < EMPTY_SHARE + ARRESTED_SHARE ? "arrested" : "blastocyst";
  const kind = options.kind ?? drawnKind;
  const qualities = drawQualities(seed, index);
  const latentIcm = options.latentIcm ?? qualities.icm;
  const latentTe = options.latentTe ?? qualities.te;
  const captureHpi = captureTimes(seed, index, firstHpi, lastHpi, options.spacingMinutes);
  const tAWanted = new RandomStream(seed, index, "annotation").between(115.4, 119.6);
  const votes = new RandomStream(seed, index, "votes");
  const graded = kind === "blastocyst";
  const clinicId = clinicOf(seed, cycle);
  const icmVotes = graded ? votesFor(latentIcm, ICM_SCALE, votes) : [];
  const teVotes = graded ? votesFor(latentTe, TE_SCALE, votes) : [];
  const annotator = annotatorAt(clinicId, new RandomStream(seed, index, "annotator"));
  const icmLabel = icmVotes[annotator] ?? null;
  const teLabel = teVotes[annotator] ?? null;
  const transfer = { latentIcm, latentTe, ageYears: ageOf(seed, cycle) };
  return {
    seed,
    index,
    instrument: options.instrument ?? instrumentOf(seed, cycle, clinicId),
    kind,
    embryoId: `phantom-${seed}-${String(index).padStart(4, "0")}`,
    cycleId: `phantom-cycle-${seed}-${String(cycle).padStart(4, "0")}`,
    clinicId,
    ageYears: transfer.ageYears,
    captureHpi,
    latentIcm,
    latentTe,
    tMebHpi: clamp(peakHpi(seed, index), captureHpi[0]!, captureHpi.at(-1)!),
    tAHpi: nearest(captureHpi, tAWanted),
    icmVotes,
    teVotes,
    icmLabel,
    teLabel,
    outcome: isTransferred(icmLabel, teLabel)
      ? transferOutcome(transfer, new RandomStream(seed, index, "outcome"))
      : null,
  };
}

function checkOptions(options: PhantomOptions, firstHpi: number, lastHpi: number): void {
  const { seed, index, spacingMinutes, latentIcm, latentTe } = options;
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`seed ${seed} is no whole number from 0 on`);
  if (!Number.isSafeInteger(index) || index < 0) throw new RangeError(`index ${index} is no whole number from 0 on`);
  if (!(firstHpi >= 0 && lastHpi >= firstHpi && lastHpi <= 400)) {
    throw new RangeError(`captures from ${firstHpi} to ${lastHpi} hpi: wanted 0 <= first <= last <= 400`);
  }
  if (spacingMinutes !== undefined && !(spacingMinutes >= MIN_SPACING_MINUTES)) {
    throw new RangeError(`spacing of ${spacingMinutes} minutes: wanted at least ${MIN_SPACING_MINUTES}`);
  }
  for (const latent of [latentIcm, latentTe]) {
    if (latent !== undefined && !(latent >= 0 && latent <= 1))
      throw new RangeError(`latent quality ${latent} not in 0..1`);
  }
}

/** Number of the treatment an embryo belongs to. */
function cycleOf(seed: number, index: number): number {
  const block = Math.floor(index / CYCLE_BLOCK);
  const firstSize = new RandomStream(seed, block, "cycle").whole(3, 8);
  return block * 2 + (index % CYCLE_BLOCK < firstSize ? 0 : 1);
}

function clinicOf(seed: number, cycle: number): ClinicName {
  return CLINICS[new RandomStream(seed, cycle, "clinic").whole(0, CLINICS.length - 1)]!;
}

function instrumentOf(seed: number, cycle: number, clinicId: ClinicName): InstrumentName {
  const draw = new RandomStream(seed, cycle, "instrument").next();
  return draw < EMBRYOSCOPE_SHARE[clinicId] ? "embryoscope" : "embryoscope-plus";
}

/** Whole years as in Kim et al. 2024, Table 1, over both outcomes: 35.5 +- 3.8. */
function ageOf(seed: number, cycle: number): number {
  return Math.round(clamp(35.5 + 3.8 * new RandomStream(seed, cycle, "age").gauss(), 22, 46));
}

/** Each nearly uniform in 0..1, and related: a good embryo tends to be good in both. */
function drawQualities(seed: number, index: number): { icm: number; te: number } {
  const random = new RandomStream(seed, index, "quality");
  const shared = random.gauss();
  // A logistic curve of slope 1.7 is close to the normal distribution function, and so flattens a normal draw.
  const own = () => 1 / (1 + Math.exp(-1.7 * (0.65 * shared + 0.76 * random.gauss())));
  return { icm: own(), te: own() };
}

function captureTimes(
  seed: number,
  index: number,
  firstHpi: number,
  lastHpi: number,
  forcedMinutes?: number,
): number[] {
  const random = new RandomStream(seed, index, "captures");
  const drawnMinutes = random.between(10, 20);
  const spacing = (forcedMinutes ?? drawnMinutes) / 60;
  const times: number[] = [];
  for (let hpi = firstHpi + spacing * 0.5 * random.next(); hpi <= lastHpi; hpi += spacing) {
    const jittered = hpi + spacing * random.between(-0.03, 0.03);
    times.push(Math.round(clamp(jittered, firstHpi, lastHpi) * 100) / 100);
  }
  return times.length > 0 ? times : [firstHpi];
}

function nearest(sorted: readonly number[], wanted: number): number {
  return sorted.reduce((best, hpi) => (Math.abs(hpi - wanted) < Math.abs(best - wanted) ? hpi : best));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
