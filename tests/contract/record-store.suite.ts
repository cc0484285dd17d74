import { describe, expect, it } from "vitest";
import type { RecordStore } from "../../core/ports.ts";
import { aRecord, digestOf } from "./builders.ts";

/** What every record store does. `open` gives an empty one. */
export function recordStoreSuite(name: string, open: () => Promise<RecordStore>) {
  describe(name, () => {
    it("puts a record once and never changes it", async () => {
      const store = await open();
      const first = aRecord({ gradingId: "first" });

      const put = await store.putOnce(first);
      const again = await store.putOnce({ ...first, gradingId: "second", gradedAt: "2027-01-01T00:00:00.000Z" });

      expect(put).toEqual({ record: first, created: true });
      expect(again).toEqual({ record: first, created: false });
      expect(await store.find(first)).toEqual(first);
    });

    it("lets one of many puts at once create the record, and tells all the same", async () => {
      const store = await open();
      const rivals = Array.from({ length: 10 }, (_, n) => aRecord({ gradingId: `grading-${n}` }));

      const puts = await Promise.all(rivals.map((record) => store.putOnce(record)));

      expect(puts.filter(({ created }) => created)).toHaveLength(1);
      expect(new Set(puts.map(({ record }) => record.gradingId)).size).toBe(1);
    });

    it.each([
      ["clinic", { clinicId: "south" }],
      ["embryo", { embryoId: "Embryo 1" }],
      ["archive", { archiveDigest: digestOf("another archive") }],
      ["age", { ageYears: 34.25 }],
      ["missing age", { ageYears: null }],
      ["model", { modelSha256: digestOf("another model") }],
    ])("keeps a record of its own for another %s", async (_what, difference) => {
      const store = await open();
      await store.putOnce(aRecord());

      const { created } = await store.putOnce(aRecord(difference));

      expect(created).toBe(true);
      expect(await store.find(aRecord(difference))).toEqual(aRecord(difference));
      expect(await store.find(aRecord())).toEqual(aRecord());
    });

    it("puts a record without an age once", async () => {
      const store = await open();

      await store.putOnce(aRecord({ ageYears: null }));
      const again = await store.putOnce(aRecord({ ageYears: null }));

      expect(again.created).toBe(false);
    });

    it("finds the newest of an embryo by the time of its grading, not of its put", async () => {
      const store = await open();
      const newest = aRecord({ archiveDigest: digestOf("newest"), gradedAt: "2026-03-03T00:00:00Z" });
      await store.putOnce(newest);
      await store.putOnce(aRecord({ archiveDigest: digestOf("older"), gradedAt: "2026-03-02T23:59:59.999Z" }));

      const found = await store.findNewest("north", "embryo 1");

      expect(found).toEqual(newest);
    });

    it("finds nothing of another clinic or embryo", async () => {
      const store = await open();
      await store.putOnce(aRecord());

      expect(await store.findNewest("south", "embryo 1")).toBeNull();
      expect(await store.findNewest("north", "embryo 2")).toBeNull();
      expect(await store.find(aRecord({ clinicId: "south" }))).toBeNull();
    });
  });
}
