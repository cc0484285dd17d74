import type { ObjectKey, ObjectStore } from "../../core/ports.ts";

export interface ReadCount {
  /** Bytes that were handed out, twice if twice. */
  bytes: number;
  /** Requests, each of which costs money and latency in a cloud. */
  reads: number;
}

export interface CountingStore extends ObjectStore {
  /** Of uploaded archives. */
  readonly uploads: ReadCount;
  /** Of what our own stations wrote. */
  readonly others: ReadCount;
}

/** An object store that counts what is read through it. */
export function countingStore(store: ObjectStore): CountingStore {
  const uploads: ReadCount = { bytes: 0, reads: 0 };
  const others: ReadCount = { bytes: 0, reads: 0 };
  function counted(key: ObjectKey, bytes: Uint8Array): Uint8Array {
    const count = key.startsWith("uploads/") ? uploads : others;
    count.bytes += bytes.length;
    count.reads++;
    return bytes;
  }
  return {
    uploads,
    others,
    head: (key, version) => store.head(key, version),
    read: async (key, version) => counted(key, await store.read(key, version)),
    readRange: async (key, start, length, version) => counted(key, await store.readRange(key, start, length, version)),
    write: (key, bytes) => store.write(key, bytes),
  };
}
