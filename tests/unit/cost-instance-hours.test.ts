import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instanceHours, type WakingEndpoint } from "../../cli/cost/instance-hours.ts";
import { WAKING_ENDPOINT } from "../../cli/cost/usage/endpoint.ts";

/** One instance at a time, with times that are easy to add up. */
const SIMPLE: WakingEndpoint = {
  startUpHours: 0.1,
  workHoursPerEmbryo: 0.001,
  idleHours: 0.25,
  workingDays: 20,
  workingHoursPerDay: 10,
  backlogPerInstance: Number.POSITIVE_INFINITY,
  maxInstances: 1,
  utilisation: 1,
  hoursPerMonth: 730,
};
const MOST = Math.floor(
  (WAKING_ENDPOINT.maxInstances * WAKING_ENDPOINT.hoursPerMonth) / WAKING_ENDPOINT.workHoursPerEmbryo,
);

// Every size of clinic is as likely as every other: from one embryo to all that the instances can grade.
const embryos = fc
  .double({ min: 0, max: Math.log10(MOST), noNaN: true })
  .map((power) => Math.min(MOST, Math.round(10 ** power)));
const hours = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const anyEndpoint = fc.record({
  startUpHours: hours(0, 1),
  workHoursPerEmbryo: hours(0, 0.001),
  idleHours: hours(0, 2),
  workingDays: fc.integer({ min: 1, max: 30 }),
  workingHoursPerDay: hours(1, 20),
  backlogPerInstance: fc.integer({ min: 1, max: 50 }),
  maxInstances: fc.integer({ min: 1, max: 8 }),
  utilisation: hours(0.1, 1),
  hoursPerMonth: fc.constant(730),
});
const pattern = fc.constantFrom("batch" as const, "spread" as const);

describe("instanceHours", () => {
  it("is nothing where nothing is uploaded", () => {
    const bills = (["batch", "spread"] as const).map((sent) => instanceHours(sent, 0, WAKING_ENDPOINT));

    expect(bills).toEqual([0, 0]);
  });

  it("pays a few uploads far apart one start, one work and one wait each", () => {
    const bill = instanceHours("spread", 2, SIMPLE);

    expect(bill / 2).toBeCloseTo(0.1 + 0.001 + 0.25, 2);
  });

  it("stays awake for the working hours of every day when uploads hardly pause", () => {
    const bill = instanceHours("spread", 20_000, SIMPLE);

    expect(bill).toBeCloseTo(20 * (10 + 0.001 + 0.25), 6);
  });

  it("pays a batch of every day one start and one wait for all of its work", () => {
    const bill = instanceHours("batch", 20_000, SIMPLE);

    expect(bill).toBeCloseTo(20 * (0.1 + 0.25) + 20_000 * 0.001, 6);
  });

  it("starts an instance more for each backlog of a batch, as far as there are some", () => {
    const endpoint = { ...SIMPLE, workHoursPerEmbryo: 0, backlogPerInstance: 100, maxInstances: 4 };
    const wake = 20 * (0.1 + 0.25);

    const bills = [2000, 2001, 6001, 20_000].map((month) => instanceHours("batch", month, endpoint) / wake);

    expect(bills.map((bill) => Math.round(bill * 1000) / 1000)).toEqual([1, 2, 4, 4]);
  });

  it("starts further instances each morning for what came while the first one started", () => {
    const endpoint = { ...SIMPLE, backlogPerInstance: 30, maxInstances: 4 };
    const awake = 20 * (10 + 0.001 + 0.25);

    // 20,000 in 20 days of 10.251 hours are 97.6 an hour, 9.8 while one starts; ten times as many ask for four.
    const bills = [20_000, 200_000].map((month) => instanceHours("spread", month, endpoint));

    expect(bills[0]).toBeCloseTo(awake, 6);
    expect(bills[1]).toBeCloseTo(awake + 20 * 3 * (0.1 + 0.25), 6);
  });

  it("pays instances for work that one cannot do, however it comes", () => {
    const endpoint = { ...SIMPLE, workHoursPerEmbryo: 0.01, maxInstances: 4, utilisation: 0.5 };

    const bill = instanceHours("spread", 50_000, endpoint);

    expect(bill).toBeCloseTo((50_000 * 0.01) / 0.5, 6);
  });

  it.each([10, 40, 100, 300, 1000, 3000])("is what simulated months of %d uploads are billed", (month) => {
    const simulated = simulatedHours(month, SIMPLE);

    const bill = instanceHours("spread", month, SIMPLE);

    expect(Math.abs(bill / simulated - 1)).toBeLessThan(0.04);
  });

  it("never falls when more is uploaded", () => {
    fc.assert(
      fc.property(anyEndpoint, pattern, fc.tuple(hours(0, 0.999), hours(0, 0.999)), (endpoint, sent, shares) => {
        const most = Math.min(1e6, (endpoint.maxInstances * 730) / endpoint.workHoursPerEmbryo);
        // Raised to a power, so that small numbers come as well.
        const [fewer, more] = shares.map((share) => share ** 4 * most).toSorted((a, b) => a - b) as [number, number];

        const bills = [fewer, more].map((month) => instanceHours(sent, month, endpoint)) as [number, number];

        expect(bills[1]).toBeGreaterThanOrEqual(bills[0] - 1e-9);
      }),
    );
  });

  it("never bills less than the work, nor more than every instance all month", () => {
    fc.assert(
      fc.property(anyEndpoint, pattern, hours(0, 0.999), (endpoint, sent, share) => {
        const month = share ** 4 * Math.min(1e6, (endpoint.maxInstances * 730) / endpoint.workHoursPerEmbryo);

        const bill = instanceHours(sent, month, endpoint);

        expect(bill).toBeLessThanOrEqual(endpoint.maxInstances * 730);
        expect(bill).toBeGreaterThanOrEqual(month * endpoint.workHoursPerEmbryo - 1e-9);
      }),
    );
  });

  it("bills the deployed endpoint's batches at most what it bills for the same uploads as they come", () => {
    fc.assert(
      fc.property(embryos, (month) => {
        const [batch, spread] = [
          instanceHours("batch", month, WAKING_ENDPOINT),
          instanceHours("spread", month, WAKING_ENDPOINT),
        ];

        expect(batch).toBeLessThanOrEqual(spread);
      }),
      { numRuns: 2000 },
    );
  });

  it("refuses what the instances cannot grade in a month, and says how much they can", () => {
    const ask = () => instanceHours("spread", 730_001, SIMPLE);

    expect(ask).toThrow("At most 730000 embryos a month can be graded with 1 as the most instances, not 730001.");
  });
});

/** Mean instance hours of a month by running through each of its days, upload by upload, one instance at a time. */
function simulatedHours(embryos: number, endpoint: WakingEndpoint): number {
  const { startUpHours, workHoursPerEmbryo, idleHours, workingDays, workingHoursPerDay } = endpoint;
  const months = Math.ceil(40_000 / embryos) + 10;
  const meanGap = (workingDays * workingHoursPerDay) / embryos;
  const random = seededRandom(7);
  const gap = () => -Math.log(random()) * meanGap;
  let billed = 0;
  for (let day = 0; day < months * workingDays; day++) {
    let workDoneAt = Number.NEGATIVE_INFINITY;
    for (let at = gap(); at < workingHoursPerDay; at += gap()) {
      const isAwake = at <= workDoneAt + idleHours;
      const beginsAt = isAwake ? Math.max(at, workDoneAt) : at + startUpHours;
      const doneAt = beginsAt + workHoursPerEmbryo;
      billed += isAwake ? doneAt - workDoneAt : doneAt - at + idleHours;
      workDoneAt = doneAt;
    }
  }
  return billed / months;
}

/** Numbers above 0 and up to 1, the same for the same seed. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 1) / 2 ** 32;
  };
}
