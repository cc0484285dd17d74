import { ASSUMPTIONS } from "../assumptions.ts";
import { DEPLOYMENT } from "../deployment.ts";
import type { WakePattern } from "../instance-hours.ts";
import type { InstanceType, PriceName } from "../prices.ts";

/** What is asked: a month like the ones before it. */
export interface Month {
  readonly embryos: number;
  readonly wakePattern: WakePattern;
  readonly archiveMebibytes: number;
  readonly instance: InstanceType;
  /** Of uploads. */
  readonly retentionDays: number;
  readonly privateNetwork: boolean;
}

/** What AWS bills of one thing in a month. */
export interface Usage {
  readonly component: string;
  readonly what: string;
  /** In the price's unit. */
  readonly quantity: number;
  readonly price: PriceName;
}

export const MEBIBYTES_PER_GIBIBYTE = 1024;
export const KIBIBYTES_PER_GIBIBYTE = 2 ** 20;
export const BYTES_PER_GIBIBYTE = 2 ** 30;

const MINUTES_PER_MONTH = ASSUMPTIONS.hoursPerMonth.value * 60;
export const DAYS_PER_MONTH = ASSUMPTIONS.hoursPerMonth.value / 24;

export const SWEEPS_PER_MONTH = MINUTES_PER_MONTH / DEPLOYMENT.sweepEveryMinutes;
/** Requests that one principal makes of a key that is used again for a while, at most. */
export const DATA_KEYS_PER_MONTH = MINUTES_PER_MONTH / ASSUMPTIONS.dataKeyMinutes.value;

/** The same component for several usages. */
export function ofComponent(component: string, usages: readonly Omit<Usage, "component">[]): Usage[] {
  return usages.map((usage) => ({ component, ...usage }));
}
