import { describe, expect, it } from "vitest";
import type { ObjectStore } from "../../core/ports.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);

/** What every object store does, whatever it is made of. `open` gives an empty one. */
export function objectStoreSuite(name: string, open: () => Promise<ObjectStore>) {
  describe(name, () => {
    it("gives back what was written", async () => {
      const store = await open();

      const written = await store.write("clips/north/1.npz", bytes(1, 2, 3));

      expect(written).toEqual({ key: "clips/north/1.npz", version: expect.any(String), size: 3 });
      expect(await store.read("clips/north/1.npz")).toEqual(bytes(1, 2, 3));
      expect(await store.head("clips/north/1.npz")).toEqual(written);
    });

    it("keeps an object without bytes", async () => {
      const store = await open();

      await store.write("empty", bytes());

      expect(await store.read("empty")).toEqual(bytes());
      expect(await store.readRange("empty", 0, 10)).toEqual(bytes());
    });

    it("makes a new version with every write and keeps the old ones", async () => {
      const store = await open();

      const first = await store.write("a.zip", bytes(1));
      const second = await store.write("a.zip", bytes(2, 2));

      expect(second.version).not.toBe(first.version);
      expect(await store.read("a.zip")).toEqual(bytes(2, 2));
      expect(await store.read("a.zip", first.version)).toEqual(bytes(1));
      expect(await store.readRange("a.zip", 0, 9, first.version)).toEqual(bytes(1));
      expect(await store.head("a.zip", first.version)).toEqual(first);
    });

    it("takes the eleventh version for the newest, not the ninth", async () => {
      const store = await open();

      for (let n = 1; n <= 11; n++) await store.write("a.zip", bytes(n));

      expect(await store.read("a.zip")).toEqual(bytes(11));
    });

    it("reads the last byte of an object and nothing past it", async () => {
      const store = await open();
      await store.write("a", bytes(1, 2, 3, 4, 5));

      expect(await store.readRange("a", 1, 3)).toEqual(bytes(2, 3, 4));
      expect(await store.readRange("a", 4, 1)).toEqual(bytes(5));
      expect(await store.readRange("a", 3, 1_000_000)).toEqual(bytes(4, 5));
      expect(await store.readRange("a", 5, 1)).toEqual(bytes());
      expect(await store.readRange("a", 50, 1)).toEqual(bytes());
      expect(await store.readRange("a", 2, 0)).toEqual(bytes());
    });

    it.each([
      [-1, 1],
      [0, -1],
      [0.5, 1],
      [0, Number.NaN],
    ])("takes a range from %d of %d bytes for a mistake of the caller", async (start, length) => {
      const store = await open();
      await store.write("a", bytes(1, 2, 3));

      await expect(store.readRange("a", start, length)).rejects.toThrow(RangeError);
    });

    it("says that there is no such object, or no such version of it", async () => {
      const store = await open();
      await store.write("there", bytes(1));

      expect(await store.head("not-there")).toBeNull();
      expect(await store.head("there", "no-such-version")).toBeNull();
      await expect(store.read("not-there")).rejects.toMatchObject({ code: "OBJECT_MISSING", retryable: false });
      await expect(store.readRange("not-there", 0, 1)).rejects.toMatchObject({ code: "OBJECT_MISSING" });
      await expect(store.read("there", "no-such-version")).rejects.toMatchObject({ code: "OBJECT_MISSING" });
    });

    it("keeps an object beside those whose keys begin with its own", async () => {
      const store = await open();

      await store.write("a", bytes(1));
      await store.write("a/b", bytes(2));
      await store.write("a/b/000000000001", bytes(3));
      await store.write("a/000000000001", bytes(4));

      expect(await store.read("a")).toEqual(bytes(1));
      expect(await store.read("a/b")).toEqual(bytes(2));
      expect(await store.read("a/b/000000000001")).toEqual(bytes(3));
      expect(await store.read("a/000000000001")).toEqual(bytes(4));
    });

    it("keeps every one of many writes under one key at once", async () => {
      const store = await open();
      const writes = Array.from({ length: 12 }, (_, n) => bytes(n, n, n));

      const written = await Promise.all(writes.map((content) => store.write("a.zip", content)));

      expect(new Set(written.map(({ version }) => version)).size).toBe(12);
      for (const [n, { version }] of written.entries()) expect(await store.read("a.zip", version)).toEqual(writes[n]);
    });

    it("shows a reader whole objects only while another writes", async () => {
      const store = await open();
      const size = 300_000;
      await store.write("a", new Uint8Array(size));

      const writing = Promise.all([1, 2, 3, 4].map((n) => store.write("a", new Uint8Array(size).fill(n))));
      const seen = await Promise.all(Array.from({ length: 20 }, () => store.read("a")));
      await writing;

      for (const content of seen) {
        expect(content.length).toBe(size);
        expect(content.every((byte) => byte === content[0])).toBe(true);
      }
    });
  });
}
