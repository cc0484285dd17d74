import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TimeLapseManifest } from "../../core/contracts/time-lapse.ts";
import { INSTRUMENTS, type PhantomEmbryo, phantomEmbryo, phantomManifest } from "../../phantom/index.ts";

const blastocysts = (count: number) =>
  Array.from({ length: count }, (_, index) => phantomEmbryo({ seed: 5, index, kind: "blastocyst" }));

describe("phantomEmbryo", () => {
  it("gives the same embryo for the same seed and index", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (seed, index) => {
        const first = phantomEmbryo({ seed, index });
        const second = phantomEmbryo({ seed, index });

        expect(second).toEqual(first);
      }),
      { numRuns: 30 },
    );
  });

  it("gives another embryo for another seed", () => {
    const one = phantomEmbryo({ seed: 1, index: 0 });
    const other = phantomEmbryo({ seed: 2, index: 0 });

    expect(other.latentIcm).not.toBe(one.latentIcm);
    expect(other.tMebHpi).not.toBe(one.tMebHpi);
  });

  it("keeps every other property when a kind, an instrument or a range is forced", () => {
    const free = phantomEmbryo({ seed: 3, index: 1 });

    const forced = phantomEmbryo({ seed: 3, index: 1, kind: "arrested", instrument: "embryoscope-plus", lastHpi: 130 });

    expect(forced).toMatchObject({ ageYears: free.ageYears, latentIcm: free.latentIcm, latentTe: free.latentTe });
    expect(forced.cycleId).toBe(free.cycleId);
  });

  it("leaves about 4 wells in 100 empty and arrests about 6, and nobody votes on those", () => {
    const embryos = Array.from({ length: 2000 }, (_, index) => phantomEmbryo({ seed: 6, index }));

    const share = (kind: string) => embryos.filter((embryo) => embryo.kind === kind).length / embryos.length;
    const voted = embryos.filter((embryo) => embryo.icmVotes.length > 0);

    expect(share("empty")).toBeCloseTo(0.04, 1);
    expect(share("empty")).toBeGreaterThan(0.02);
    expect(share("arrested")).toBeCloseTo(0.06, 1);
    expect(share("arrested")).toBeGreaterThan(0.035);
    expect(voted.every((embryo) => embryo.kind === "blastocyst" && embryo.teVotes.length === 11)).toBe(true);
  });

  it("gives three to eight consecutive embryos one cycle, one age and one instrument", () => {
    const embryos = Array.from({ length: 220 }, (_, index) => phantomEmbryo({ seed: 4, index }));

    const cycles = Map.groupBy(embryos, (embryo) => embryo.cycleId);

    for (const members of cycles.values()) {
      expect(members.length).toBeGreaterThanOrEqual(3);
      expect(members.length).toBeLessThanOrEqual(8);
      expect(members.at(-1)!.index - members[0]!.index).toBe(members.length - 1);
      expect(new Set(members.map((member) => `${member.ageYears} ${member.instrument}`)).size).toBe(1);
    }
  });

  it("captures in ascending order 10 to 20 minutes apart, within the range", () => {
    const check = (embryo: PhantomEmbryo) => {
      const times = embryo.captureHpi;
      const gaps = times.slice(1).map((hpi, i) => (hpi - times[i]!) * 60);
      expect(Math.min(...gaps)).toBeGreaterThan(8.5);
      expect(Math.max(...gaps)).toBeLessThan(22);
      expect(times[0]!).toBeGreaterThanOrEqual(85);
      expect(times.at(-1)!).toBeLessThanOrEqual(125);
    };

    const embryos = blastocysts(50);

    embryos.forEach(check);
  });

  it("annotates at a capture between 115 and 120 hpi", () => {
    const embryos = blastocysts(200);

    const times = embryos.map((embryo) => embryo.tAHpi);

    expect(embryos.every((embryo) => embryo.captureHpi.includes(embryo.tAHpi))).toBe(true);
    expect(Math.min(...times)).toBeGreaterThan(115);
    expect(Math.max(...times)).toBeLessThan(120);
  });

  it("reaches its largest area no later than the last capture", () => {
    const embryo = phantomEmbryo({ seed: 1, index: 0, kind: "blastocyst", lastHpi: 110 });

    const last = embryo.captureHpi.at(-1);

    expect(embryo.tMebHpi).toBe(last);
  });

  it.each([{ seed: -1 }, { index: 0.5 }, { firstHpi: 120, lastHpi: 100 }, { spacingMinutes: 0 }, { latentTe: 1.1 }])(
    "refuses %o",
    (wrong) => {
      const make = () => phantomEmbryo({ seed: 1, index: 1, ...wrong });

      expect(make).toThrow(RangeError);
    },
  );
});

describe("phantomManifest", () => {
  it("lists every capture in every plane under names of its own, and parses", () => {
    const embryo = phantomEmbryo({ seed: 2, index: 8, instrument: "embryoscope-plus", spacingMinutes: 2 });

    const manifest = TimeLapseManifest.parse(phantomManifest(embryo));

    const planes = INSTRUMENTS["embryoscope-plus"].focalPlanesUm.length;
    expect(planes).toBe(11);
    expect(manifest.frames).toHaveLength(embryo.captureHpi.length * planes);
    expect(new Set(manifest.frames.map((frame) => frame.file)).size).toBe(manifest.frames.length);
    expect(manifest.frames[0]!.file).toMatch(/^frames\/085\.\d\dh_-75um\.jpg$/);
  });
});
