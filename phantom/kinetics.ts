import { RandomStream } from "./random.ts";

/** What becomes of a well. */
export type PhantomKind = "blastocyst" | "arrested" | "cleavage" | "empty";

/** Where and how large an embryo is at one moment; lengths in micrometres, angles in radians. */
export interface Shape {
  /** Radius of the embryo without its zona. */
  readonly bodyUm: number;
  /** Inner and outer radius of the zona pellucida. */
  readonly zonaInnerUm: number;
  readonly zonaOuterUm: number;
  /** 0 = compact morula, 1 = blastocyst with a full cavity. */
  readonly cavity: number;
  /** Long axis over mean axis of the ellipse, from 1. */
  readonly stretch: number;
  /** Direction of the long axis, turning with the body. */
  readonly rotation: number;
  /** Centre, from the centre of the well; y downwards. */
  readonly xUm: number;
  readonly yUm: number;
  /** Depth of the centre as a focal plane. */
  readonly depthUm: number;
}

/** Inner radius of the zona before expansion: with a zona of 12 to 23 um an embryo is 138 to 160 um across. */
const ZONA_INNER_UM = 57;
/** Free radius of the well; the wall pushes a large embryo towards the middle. */
const WELL_UM = 112;

interface Plan {
  readonly kind: PhantomKind;
  readonly morulaUm: number;
  readonly largestUm: number;
  readonly cavityFromHpi: number;
  readonly cavityHours: number;
  readonly peakHpi: number;
  /** Exponent of the expansion: below 1 fast at first, above 1 late. */
  readonly pace: number;
  readonly collapse: { readonly atHpi: number; readonly hours: number; readonly depth: number } | null;
  readonly stretch: number;
  readonly rotation: number;
  readonly turnPerHour: number;
  readonly distanceUm: number;
  readonly direction: number;
  readonly wobble: readonly number[];
  readonly depthUm: number;
  /** The zona's, over 4/3 pi: it stays the same while it is stretched. */
  readonly zonaVolume: number;
}

/** True time of the largest area in hpi if the time-lapse runs long enough; about 118, 114 to 122. */
export function peakHpi(seed: number, index: number): number {
  return 118 + 1.3 * new RandomStream(seed, index, "peak").gauss();
}

/**
 * How an embryo grows and moves.
 *
 * @param latentTe trophectoderm quality in 0..1; a good one pumps a larger cavity
 * @returns its shape at any hpi; a continuous function of time
 */
export function kinetics(seed: number, index: number, kind: PhantomKind, latentTe: number): (hpi: number) => Shape {
  const plan = drawPlan(seed, index, kind, latentTe);
  return (hpi) => shapeAt(plan, hpi);
}

function drawPlan(seed: number, index: number, kind: PhantomKind, latentTe: number): Plan {
  const random = new RandomStream(seed, index, "kinetics");
  const cavityFromHpi = random.between(96, 104);
  const collapses = random.next() < 0.25;
  // Recovered before the peak, or tMEB would not be the time of the largest area.
  const atHpi = peakHpi(seed, index) - random.between(6, 11);
  return {
    kind,
    morulaUm: random.between(50, 56),
    largestUm: 71 + 9 * latentTe + random.between(0, 12),
    cavityFromHpi,
    cavityHours: random.between(4, 9),
    peakHpi: peakHpi(seed, index),
    pace: random.between(0.8, 1.5),
    collapse: collapses ? { atHpi, hours: random.between(0.7, 1.6), depth: random.between(0.1, 0.2) } : null,
    stretch: 1 + random.between(0, 0.08),
    rotation: random.between(0, 2 * Math.PI),
    turnPerHour: random.between(-0.02, 0.02),
    distanceUm: 32 * Math.sqrt(random.next()),
    direction: random.between(0, 2 * Math.PI),
    wobble: Array.from({ length: 8 }, () => random.between(0, 2 * Math.PI)),
    depthUm: random.between(-8, 8),
    zonaVolume: (ZONA_INNER_UM + random.between(12, 23)) ** 3 - ZONA_INNER_UM ** 3,
  };
}

function shapeAt(plan: Plan, hpi: number): Shape {
  const cavity = plan.kind === "blastocyst" ? smoothStep((hpi - plan.cavityFromHpi) / plan.cavityHours) : 0;
  const bodyUm = plan.kind === "blastocyst" ? expandedUm(plan, hpi) : arrestedUm(plan, hpi);
  const zonaInnerUm = Math.max(ZONA_INNER_UM, bodyUm + 1);
  const zonaOuterUm = Math.cbrt(zonaInnerUm ** 3 + plan.zonaVolume);
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = plan.wobble;
  const drift = (phase: number, other: number) => 2.2 * Math.sin(hpi / 3.1 + phase) + 1.1 * Math.sin(hpi / 0.9 + other);
  const xUm = plan.distanceUm * Math.cos(plan.direction) + drift(a, b);
  const yUm = plan.distanceUm * Math.sin(plan.direction) + drift(c, d);
  const free = Math.max(4, WELL_UM - zonaOuterUm * plan.stretch);
  const pushed = Math.min(1, free / Math.max(1e-6, Math.hypot(xUm, yUm)));
  return {
    bodyUm,
    zonaInnerUm,
    zonaOuterUm,
    cavity,
    stretch: plan.stretch,
    rotation: plan.rotation + plan.turnPerHour * (hpi - 100) + 0.05 * Math.sin(hpi / 2.3 + e),
    xUm: xUm * pushed,
    yUm: yUm * pushed,
    depthUm: plan.depthUm + 2 * Math.sin(hpi / 4 + f),
  };
}

function expandedUm(plan: Plan, hpi: number): number {
  const { cavityFromHpi: from, peakHpi: peak } = plan;
  // A power that is levelled at its end, so that the largest area is a maximum and no corner.
  const rising = smoothEnd(clamp01((hpi - from) / (peak - from)) ** plan.pace);
  const falling = 0.06 * smoothStep((hpi - peak) / 14);
  const grown = plan.morulaUm + (plan.largestUm - plan.morulaUm) * rising;
  return grown * (1 - falling) * (1 - collapseAt(plan, hpi));
}

function collapseAt(plan: Plan, hpi: number): number {
  if (!plan.collapse) return 0;
  const { atHpi, hours, depth } = plan.collapse;
  // Quick to fall, slow to recover; over well before tMEB.
  const since = hpi < atHpi ? (atHpi - hpi) / (0.3 * hours) : (hpi - atHpi) / (2 * hours);
  return depth * (1 - smoothStep(since));
}

function arrestedUm(plan: Plan, hpi: number): number {
  return plan.morulaUm * (1 - 0.08 * smoothStep((hpi - 95) / 25));
}

function smoothEnd(x: number): number {
  return 1 - (1 - x) * (1 - x) * (1 + 0.6 * x);
}

function clamp01(x: number): number {
  return Math.min(1, Math.max(0, x));
}

function smoothStep(x: number): number {
  const t = clamp01(x);
  return t * t * (3 - 2 * t);
}
