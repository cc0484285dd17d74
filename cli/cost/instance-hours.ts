export type WakePattern = "batch" | "spread";

/** An endpoint that goes when nothing comes, and how it is used; times in hours. */
export interface WakingEndpoint {
  /** From an instance's start, from when it is paid, until it works. */
  readonly startUpHours: number;
  readonly workHoursPerEmbryo: number;
  /** How long the last instance waits for more. */
  readonly idleHours: number;
  readonly workingDays: number;
  readonly workingHoursPerDay: number;
  /** Waiting requests for which one more instance is started. */
  readonly backlogPerInstance: number;
  readonly maxInstances: number;
  /** The most that is used of instances whose number follows the load, above 0 and at most 1. */
  readonly utilisation: number;
  readonly hoursPerMonth: number;
}

/**
 * Instance hours that a month's uploads are billed, on average over where in the month they fall; `embryos` is the mean
 * number of them, and they come independently of each other (a Poisson process).
 *
 * `batch`: what has come on a day is sent once, at its end. Each day with an upload wakes as many instances as the backlog
 * asks for; each is paid for its start, its share of the work and its wait.
 *
 * `spread`: each is sent as it comes. With uploads at a rate `r`, an endpoint that is asleep sleeps for another `1 / r` on
 * average. Once awake it starts for `s`, and then stays until `a`, an embryo's work and the wait for more, have gone by
 * without an upload, which takes `(exp(r a) - 1) / r` on average. Of the time in which it may be awake, a day's working
 * hours and `a` after them, it therefore sleeps the share `1 / (exp(r a) + r s)`. More instances start in the morning, for
 * what has come while the first one started, and stay while the work asks for them.
 *
 * Both grow with `embryos`, and no instance is billed more than the month.
 *
 * @throws RangeError when the endpoint's instances cannot grade as many in a month
 */
export function instanceHours(pattern: WakePattern, embryos: number, endpoint: WakingEndpoint): number {
  const { workHoursPerEmbryo, maxInstances, hoursPerMonth } = endpoint;
  const most = maxInstances * hoursPerMonth;
  if (embryos * workHoursPerEmbryo > most) {
    const atMost = Math.floor(most / workHoursPerEmbryo);
    throw new RangeError(
      `At most ${atMost} embryos a month can be graded with ${maxInstances} as the most instances, not ${embryos}.`,
    );
  }
  return Math.min(most, pattern === "batch" ? batchHours(embryos, endpoint) : spreadHours(embryos, endpoint));
}

function batchHours(embryos: number, endpoint: WakingEndpoint): number {
  const { startUpHours, idleHours, workHoursPerEmbryo, workingDays } = endpoint;
  const embryosPerDay = embryos / workingDays;
  const daysWithOne = workingDays * -Math.expm1(-embryosPerDay);
  const instances = instancesFor(embryosPerDay, endpoint);
  return daysWithOne * instances * (startUpHours + idleHours) + embryos * workHoursPerEmbryo;
}

function spreadHours(embryos: number, endpoint: WakingEndpoint): number {
  const { startUpHours, idleHours, workHoursPerEmbryo, workingDays, workingHoursPerDay, utilisation } = endpoint;
  const awakeAfterLast = workHoursPerEmbryo + idleHours;
  const possible = workingDays * (workingHoursPerDay + awakeAfterLast);
  const perHour = embryos / possible;
  const asleep = 1 / (Math.exp(perHour * awakeAfterLast) + perHour * startUpHours);
  const awake = Math.max(possible * (1 - asleep), (embryos * workHoursPerEmbryo) / utilisation);
  const furtherInstances = instancesFor(perHour * startUpHours, endpoint) - 1;
  return awake + workingDays * furtherInstances * (startUpHours + idleHours);
}

function instancesFor(backlog: number, { backlogPerInstance, maxInstances }: WakingEndpoint): number {
  return Math.min(maxInstances, Math.max(1, Math.ceil(backlog / backlogPerInstance)));
}
