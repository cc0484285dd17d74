import type { StageMeter } from "../../core/ports.ts";

/** What a stage took in all its runs. */
export interface StageCost {
  readonly seconds: number;
  /** Of all threads of the process: sharp and ONNX Runtime have their own. */
  readonly cpuSeconds: number;
  readonly runs: number;
}

export interface CostMeter extends StageMeter {
  /** By stage, in the order in which they first ended. A stage inside another is counted in both. */
  costs(): Record<string, StageCost>;
}

interface Gauge {
  /** Seconds since any moment. */
  readonly seconds: () => number;
  /** CPU seconds of the process. */
  readonly cpuSeconds: () => number;
}

const processGauge: Gauge = {
  seconds: () => performance.now() / 1e3,
  cpuSeconds: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  },
};

/**
 * A meter for stages that run one after the other: what else the process does at the time is counted as theirs.
 *
 * @example
 * const meter = costMeter();
 * await cropEmbryo(job, { ...ports, meter });
 * meter.costs() // { open: { seconds: 0.01, cpuSeconds: 0.01, runs: 1 }, ... }
 */
export function costMeter(gauge: Gauge = processGauge): CostMeter {
  const costs = new Map<string, StageCost>();
  return {
    async run(stage, work) {
      const [seconds, cpuSeconds] = [gauge.seconds(), gauge.cpuSeconds()];
      try {
        return await work();
      } finally {
        const before = costs.get(stage) ?? { seconds: 0, cpuSeconds: 0, runs: 0 };
        costs.set(stage, {
          seconds: before.seconds + gauge.seconds() - seconds,
          cpuSeconds: before.cpuSeconds + gauge.cpuSeconds() - cpuSeconds,
          runs: before.runs + 1,
        });
      }
    },
    costs: () => Object.fromEntries(costs),
  };
}

/** The crop station's stage of the cropper's network, which lies within its stage `segment`. */
export const CROPPER_NETWORK = "network";
