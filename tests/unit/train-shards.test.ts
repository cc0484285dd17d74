import fc from "fast-check";
import { expect, it } from "vitest";
import { planShards } from "../../cli/training/shard-plan.ts";
import { tarOf } from "../../core/tar.ts";

const Files = fc.uniqueArray(fc.record({ path: fc.stringMatching(/^[a-z]{1,6}$/), bytes: fc.nat(500) }), {
  selector: ({ path }) => path,
  maxLength: 12,
});

it("deals every byte of every file out once, in order, and fills no shard past its size", () => {
  fc.assert(
    fc.property(Files, fc.integer({ min: 1, max: 120 }), (files, size) => {
      const shards = planShards(files, size);

      const next = new Map<string, number>();
      for (const { path, offset, bytes } of shards.flatMap(({ pieces }) => pieces)) {
        expect(offset).toBe(next.get(path) ?? 0);
        next.set(path, offset + bytes);
      }
      expect([...next].sort()).toEqual(files.map(({ path, bytes }) => [path, bytes]).sort());
      for (const { pieces } of shards) {
        expect(pieces.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(size);
      }
    }),
  );
});

it("keeps a file whole that fits into one shard", () => {
  fc.assert(
    fc.property(Files, fc.integer({ min: 1, max: 120 }), (files, size) => {
      const pieces = planShards(files, size).flatMap((shard) => shard.pieces);

      for (const { path, bytes } of files) {
        if (bytes <= size) expect(pieces.filter((piece) => piece.path === path)).toHaveLength(1);
      }
    }),
  );
});

it("deals out alike whatever order the files come in", () => {
  fc.assert(
    fc.property(Files, (files) => {
      expect(planShards([...files].reverse(), 100)).toEqual(planShards(files, 100));
    }),
  );
});

it("refuses a name that a plain tar header cannot hold", () => {
  const name = `clips/${"x".repeat(100)}.npz`;

  expect(() => tarOf([{ name, content: new Uint8Array(1) }])).toThrow("longer name than the 100 bytes");
});
