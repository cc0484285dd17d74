import { describe, expect, it } from "vitest";
import { countingStore } from "../../cli/bench/counting-store.ts";
import { ratio, rounded } from "../../cli/bench/figures.ts";
import { costMeter } from "../../cli/bench/stage-meter.ts";
import type { ObjectStore } from "../../core/ports.ts";

describe("figures of the bench", () => {
  it("are rounded to what is known of them", () => {
    expect(rounded(1.94351)).toBe(1.944);
    expect(rounded(7_233_718)).toBe(7_234_000);
    expect(ratio(1, 3)).toBe(0.3333);
  });

  it("are no ratio to nothing", () => {
    expect(() => ratio(1, 0)).toThrow(RangeError);
    expect(() => ratio(0, 0)).toThrow(RangeError);
  });
});

describe("cost meter", () => {
  /** A machine on which work costs what a test says: seconds on the clock, and on the CPUs. */
  function meteredMachine() {
    let [clock, cpu] = [100, 7];
    const meter = costMeter({ seconds: () => clock, cpuSeconds: () => cpu });
    const work = async (seconds: number, cpuSeconds: number) => {
      clock += seconds;
      cpu += cpuSeconds;
    };
    return { meter, work };
  }

  it("adds up a stage's runs, and what several threads computed in them", async () => {
    const { meter, work } = meteredMachine();

    await meter.run("read", () => work(2, 0.5));
    await work(50, 50);
    await meter.run("decode", () => work(1, 2));
    await meter.run("read", () => work(1, 0.25));

    expect(meter.costs()).toEqual({
      read: { seconds: 3, cpuSeconds: 0.75, runs: 2 },
      decode: { seconds: 1, cpuSeconds: 2, runs: 1 },
    });
  });

  it("counts a stage within another in both", async () => {
    const { meter, work } = meteredMachine();

    await meter.run("segment", async () => {
      await work(1, 1);
      await meter.run("network", () => work(4, 8));
    });

    expect(meter.costs()).toEqual({
      network: { seconds: 4, cpuSeconds: 8, runs: 1 },
      segment: { seconds: 5, cpuSeconds: 9, runs: 1 },
    });
  });

  it("counts a stage that fails, and hands on its error and its answer", async () => {
    const { meter, work } = meteredMachine();
    const failing = meter.run("decode", async () => {
      await work(3, 1);
      throw new Error("a picture cut in half");
    });

    await expect(failing).rejects.toThrow("a picture cut in half");
    expect(await meter.run("open", async () => "opened")).toBe("opened");
    expect(meter.costs().decode).toEqual({ seconds: 3, cpuSeconds: 1, runs: 1 });
  });
});

describe("counting store", () => {
  it("counts what was handed out, uploads apart from the rest", async () => {
    const object = new Uint8Array(100);
    const store = countingStore({
      read: async () => object,
      readRange: async (_key, start, length) => object.slice(start, start + length),
    } as Partial<ObjectStore> as ObjectStore);

    await store.readRange("uploads/north/1", 10, 20);
    await store.readRange("uploads/north/1", 90, 20);
    await store.read("time-lapses/north/1.json");

    expect(store.uploads).toEqual({ bytes: 30, reads: 2 });
    expect(store.others).toEqual({ bytes: 100, reads: 1 });
  });
});
