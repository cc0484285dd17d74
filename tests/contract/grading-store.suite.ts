import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Grading, GradingStatus } from "../../core/contracts/grading.ts";
import type { GradingStore } from "../../core/ports.ts";
import { aGrading, allOf } from "./builders.ts";

/** What every grading store does. `open` gives an empty one. */
export function gradingStoreSuite(name: string, open: () => Promise<GradingStore>) {
  describe(name, () => {
    it("finds what was created", async () => {
      const store = await open();
      const grading = aGrading({ embryoId: "Embryo Nr. 1 / µ 🥚", warnings: [{ code: "W", detail: "a remark" }] });

      await store.create(grading);

      expect(await store.find(grading.gradingId)).toEqual(grading);
      expect(await store.find("another")).toBeNull();
    });

    it("creates no second grading of the same id, and leaves the first", async () => {
      const store = await open();
      await store.create(aGrading());

      const second = store.create(aGrading({ clinicId: "south" }));

      await expect(second).rejects.toMatchObject({ code: "GRADING_EXISTS", retryable: false });
      expect(await store.find("grading-1")).toEqual(aGrading());
    });

    it("changes a grading in one of the wanted states", async () => {
      const store = await open();
      await store.create(aGrading());

      const change = { status: "cropping", embryoId: "e1", updatedAt: "2026-03-01T12:00:01.000Z" } as const;
      const changed = await store.change("grading-1", ["received", "cropping"], change);

      expect(changed).toEqual({ grading: aGrading(change), changed: true });
      expect(await store.find("grading-1")).toEqual(aGrading(change));
    });

    it("leaves a grading in any other state, and tells what it is", async () => {
      const store = await open();
      await store.create(aGrading({ status: "graded" }));

      const changed = await store.change("grading-1", ["received", "cropping"], { status: "rejected" });

      expect(changed).toEqual({ grading: aGrading({ status: "graded" }), changed: false });
      expect(await store.find("grading-1")).toEqual(aGrading({ status: "graded" }));
    });

    it("changes nothing where there is no grading", async () => {
      const store = await open();

      expect(await store.change("grading-1", ["received"], { status: "rejected" })).toBeNull();
      expect(await store.pinVersion("grading-1", "1")).toBeNull();
    });

    it("lets one of many changes at once win", async () => {
      const store = await open();
      await store.create(aGrading());

      const changes = await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          store.change("grading-1", ["received"], { status: "cropping", embryoId: `e${n}` }),
        ),
      );

      const winners = changes.filter((change) => change?.changed);
      expect(winners).toHaveLength(1);
      expect(await store.find("grading-1")).toEqual(winners[0]?.grading);
    });

    it("pins the first of many versions and tells it to all", async () => {
      const store = await open();
      await store.create(aGrading());

      const pinned = await Promise.all(["7", "8", "9"].map((version) => store.pinVersion("grading-1", version)));
      const later = await store.pinVersion("grading-1", "10");

      expect(new Set([...pinned, later]).size).toBe(1);
      expect((await store.find("grading-1"))?.objectVersion).toBe(later);
    });

    it("lists what is unfinished and untouched, oldest first", async () => {
      const store = await open();
      const at = (gradingId: string, updatedAt: string, status: GradingStatus = "cropping") =>
        store.create(aGrading({ gradingId, updatedAt, status }));
      await at("second", "2026-03-01T12:00:00.500Z");
      await at("first", "2026-03-01T12:00:00Z", "received");
      await at("just-now", "2026-03-01T12:00:01Z", "grading");
      await at("graded", "2026-03-01T11:00:00Z", "graded");
      await at("rejected", "2026-03-01T11:00:00Z", "rejected");

      const unfinished = await allOf(store.listUnfinished("2026-03-01T12:00:01.000Z"));

      expect(unfinished.map(({ gradingId }) => gradingId)).toEqual(["first", "second"]);
    });

    it("goes through the embryos of a clinic page by page", async () => {
      const store = await open();
      const embryoIds = ["b", "a", "B", "é", "a b", "🥚", "\u{ffee}"];
      for (const [n, embryoId] of embryoIds.entries()) {
        await store.create(aGrading({ gradingId: `g-${n}`, embryoId }));
        await store.create(aGrading({ gradingId: `g-${n}-south`, embryoId, clinicId: "south" }));
      }
      await store.create(aGrading({ gradingId: "no-embryo" }));

      const pages: Grading[][] = [];
      for (let after: string | undefined; ; after = pages.at(-1)?.at(-1)?.embryoId ?? "") {
        const page = await store.listByEmbryo("north", after === undefined ? { limit: 3 } : { after, limit: 3 });
        if (page.length === 0) break;
        pages.push(page);
      }

      expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
      expect(pages.flat().map(({ embryoId }) => embryoId)).toEqual(embryoIds.toSorted(byUtf8));
      expect(pages.flat().every(({ clinicId }) => clinicId === "north")).toBe(true);
    });

    it("shows the newest grading of each embryo", async () => {
      const store = await open();
      const upload = (gradingId: string, embryoId: string, receivedAt: string, cycleId = "c1") =>
        store.create(aGrading({ gradingId, embryoId, receivedAt, cycleId }));
      await upload("new", "e1", "2026-03-02T00:00:00Z");
      await upload("old", "e1", "2026-03-01T00:00:00Z");
      await upload("other", "e2", "2026-03-01T00:00:00Z");
      await upload("elsewhere", "e3", "2026-03-01T00:00:00Z", "c2");

      const ids = (gradings: Grading[]) => gradings.map(({ gradingId }) => gradingId);
      expect(ids(await store.listByEmbryo("north", { limit: 10 }))).toEqual(["new", "other", "elsewhere"]);
      expect(ids(await store.listByCycle("north", "c1"))).toEqual(["new", "other"]);
      expect((await store.findByEmbryo("north", "e1"))?.gradingId).toBe("new");
      expect(await store.findByEmbryo("south", "e1")).toBeNull();
      expect(await store.listByCycle("south", "c1")).toEqual([]);
      expect(await store.listByEmbryo("north", { limit: 0 })).toEqual([]);
    });

    it("answers like a plain list, whatever is done to it", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          const store = await open();
          const model = new Map<string, Grading>();

          for (const { kind, grading, from, to } of steps) {
            const there = model.get(grading.gradingId);
            if (kind === "create") {
              const created = await store.create(grading).then(
                () => true,
                () => false,
              );
              expect(created).toBe(there === undefined);
              if (created) model.set(grading.gradingId, grading);
            } else {
              const allowed = there !== undefined && from.includes(there.status);
              if (allowed) model.set(grading.gradingId, { ...there, status: to, embryoId: grading.embryoId });
              const change = { status: to, embryoId: grading.embryoId };
              const now = model.get(grading.gradingId);
              expect(await store.change(grading.gradingId, from, change)).toEqual(
                now ? { grading: now, changed: allowed } : null,
              );
            }
          }

          const newest = new Map<string, Grading>();
          for (const grading of [...model.values()].sort(byReceipt)) {
            if (grading.embryoId !== null) newest.set(grading.embryoId, grading);
          }
          const listed = await store.listByEmbryo("north", { limit: 100 });
          expect(listed).toEqual([...newest.values()].sort((a, b) => byUtf8(a.embryoId ?? "", b.embryoId ?? "")));
        }),
        { numRuns: 40 },
      );
    });
  });
}

const status = fc.constantFrom(...GradingStatus.options);
const step = fc.record({
  kind: fc.constantFrom("create", "change"),
  grading: fc
    .record({
      gradingId: fc.constantFrom("g1", "g2", "g3", "g4"),
      embryoId: fc.constantFrom("e1", "e2", null),
      receivedAt: fc.constantFrom("2026-03-01T00:00:00.000Z", "2026-03-02T00:00:00.000Z"),
      status,
    })
    .map(aGrading),
  from: fc.subarray(GradingStatus.options),
  to: status,
});

const byReceipt = (a: Grading, b: Grading) =>
  a.receivedAt.localeCompare(b.receivedAt) || a.gradingId.localeCompare(b.gradingId);

/** Stores order text by its bytes, JavaScript by UTF-16 units; they differ beyond U+FFFF. */
const byUtf8 = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
