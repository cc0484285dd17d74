import { Grading, GradingRecord } from "../../core/contracts/grading.ts";
import { GradingExists, ObjectMissing } from "../../core/errors.ts";
import type {
  ArchiveReader,
  EmbryoSegmenter,
  GradingStore,
  ObjectStore,
  OverlayEncoder,
  PictureEncoder,
  RecordStore,
  Sender,
} from "../../core/ports.ts";
import { sha256Hex } from "../../core/sha256.ts";

// Stores that forget everything with the test. They are held to the same contract suites as those that are served.

export interface MemoryObjects extends ObjectStore {
  /** SHA-256 of each key's newest version, by key. */
  digests(): Promise<Record<string, string>>;
}

export function memoryObjects(): MemoryObjects {
  const versions = new Map<string, Uint8Array[]>();
  const numberOf = (key: string, version?: string) => Number(version ?? versions.get(key)?.length ?? 0);
  const found = (key: string, version?: string) => versions.get(key)?.[numberOf(key, version) - 1];
  const bytesOf = (key: string, version?: string) => {
    const bytes = found(key, version);
    if (bytes === undefined) throw new ObjectMissing(`There is no object ${key}.`);
    return bytes;
  };
  return {
    async head(key, version) {
      const bytes = found(key, version);
      return bytes === undefined ? null : { key, version: String(numberOf(key, version)), size: bytes.length };
    },
    async read(key, version) {
      return bytesOf(key, version).slice();
    },
    async readRange(key, start, length, version) {
      const isRange = [start, length].every((number) => Number.isSafeInteger(number) && number >= 0);
      if (!isRange) throw new RangeError(`A range of ${length} bytes from ${start} is none.`);
      return bytesOf(key, version).slice(start, start + length);
    },
    async write(key, bytes) {
      versions.set(key, [...(versions.get(key) ?? []), bytes.slice()]);
      return { key, version: String(numberOf(key)), size: bytes.length };
    },
    async digests() {
      const entries = [...versions.keys()].sort().map(async (key) => [key, await sha256Hex(bytesOf(key))] as const);
      return Object.fromEntries(await Promise.all(entries));
    },
  };
}

export interface MemoryGradings extends GradingStore {
  all(): Grading[];
}

export function memoryGradings(): MemoryGradings {
  const rows = new Map<string, Grading>();
  const all = () => [...rows.values()].map((row) => structuredClone(row));
  const time = (text: string) => Date.parse(text);
  const newestFirst = (a: Grading, b: Grading) =>
    time(b.receivedAt) - time(a.receivedAt) || (b.gradingId < a.gradingId ? -1 : 1);
  const newestPerEmbryo = (wanted: (row: Grading) => boolean) => {
    const newest = new Map<string, Grading>();
    for (const row of all().filter(wanted).sort(newestFirst)) {
      if (row.embryoId !== null && !newest.has(row.embryoId)) newest.set(row.embryoId, row);
    }
    return [...newest.values()].sort((a, b) => Buffer.compare(Buffer.from(a.embryoId!), Buffer.from(b.embryoId!)));
  };
  return {
    all,
    async create(grading) {
      if (rows.has(grading.gradingId)) throw new GradingExists(`There is a grading ${grading.gradingId} already.`);
      rows.set(grading.gradingId, Grading.parse(grading));
    },
    async find(gradingId) {
      return structuredClone(rows.get(gradingId) ?? null);
    },
    async change(gradingId, from, change) {
      const row = rows.get(gradingId);
      if (row === undefined) return null;
      if (!from.includes(row.status)) return { grading: structuredClone(row), changed: false };
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      const { clinicId, receivedAt } = row;
      rows.set(gradingId, Grading.parse({ ...row, ...given, gradingId, clinicId, receivedAt }));
      return { grading: structuredClone(rows.get(gradingId)!), changed: true };
    },
    async pinVersion(gradingId, version) {
      const row = rows.get(gradingId);
      if (row === undefined) return null;
      const objectVersion = row.objectVersion ?? version;
      rows.set(gradingId, { ...row, objectVersion });
      return objectVersion;
    },
    async *listUnfinished(updatedBefore) {
      yield* all()
        .filter(({ status }) => status !== "graded" && status !== "rejected")
        .filter(({ updatedAt }) => time(updatedAt) < time(updatedBefore))
        .sort((a, b) => time(a.updatedAt) - time(b.updatedAt) || (a.gradingId < b.gradingId ? -1 : 1));
    },
    async listByEmbryo(clinicId, { after = "", limit }) {
      const rows = newestPerEmbryo((row) => row.clinicId === clinicId);
      const later = rows.filter(({ embryoId }) => Buffer.compare(Buffer.from(embryoId!), Buffer.from(after)) > 0);
      return later.slice(0, Math.max(0, limit));
    },
    async listByCycle(clinicId, cycleId) {
      return newestPerEmbryo((row) => row.clinicId === clinicId && row.cycleId === cycleId);
    },
    async findByEmbryo(clinicId, embryoId) {
      return newestPerEmbryo((row) => row.clinicId === clinicId && row.embryoId === embryoId)[0] ?? null;
    },
  };
}

export interface MemoryRecords extends RecordStore {
  all(): GradingRecord[];
}

export function memoryRecords(): MemoryRecords {
  const rows: GradingRecord[] = [];
  const find = (key: Parameters<RecordStore["find"]>[0]) =>
    rows.find(
      (row) =>
        row.clinicId === key.clinicId &&
        row.embryoId === key.embryoId &&
        row.archiveDigest === key.archiveDigest &&
        row.ageYears === key.ageYears &&
        row.modelSha256 === key.modelSha256,
    );
  return {
    all: () => structuredClone(rows),
    async putOnce(record) {
      const there = find(record);
      if (there === undefined) rows.push(GradingRecord.parse(record));
      return { record: structuredClone(there ?? rows.at(-1)!), created: there === undefined };
    },
    async find(key) {
      return structuredClone(find(key) ?? null);
    },
    async findNewest(clinicId, embryoId) {
      const own = rows.filter((row) => row.clinicId === clinicId && row.embryoId === embryoId);
      const newest = own.reduce<GradingRecord | null>((best, row) => {
        return best !== null && Date.parse(best.gradedAt) > Date.parse(row.gradedAt) ? best : row;
      }, null);
      return structuredClone(newest);
    },
  };
}

export interface MemoryQueue<Message> extends Sender<Message> {
  readonly messages: Message[];
}

export function memoryQueue<Message>(): MemoryQueue<Message> {
  const messages: Message[] = [];
  return {
    messages,
    async send(message) {
      messages.push(structuredClone(message));
    },
  };
}

/** Sees the same embryo everywhere: a disc in the middle, as wide as an expanded blastocyst; or none at all. */
export function discSegmenter({ radius = 24 }: { radius?: number } = {}): EmbryoSegmenter {
  const disc = Float32Array.from({ length: 64 * 64 }, (_, cell) => {
    return Math.hypot((cell % 64) - 31.5, Math.floor(cell / 64) - 31.5) < radius ? 0.9 : 0.1;
  });
  return { sha256: "c".repeat(64), segment: async (pictures) => pictures.map(() => disc) };
}

export const sizePreview: PictureEncoder = {
  encodePreview: async ({ width, height }) => new TextEncoder().encode(`${width} x ${height}`),
};

/** Keeps every pixel. */
export const rawOverlay: OverlayEncoder = { encodeOverlay: async ({ rgb }) => rgb };

/** An archive reader that fails as told. */
export function failingArchives(error: Error): ArchiveReader {
  return {
    async open() {
      throw error;
    },
  };
}

/** What a killed process leaves behind: the call it was killed at either took effect or did not. */
export class Interruption extends Error {
  override readonly name = "Interruption";
}

export interface InterruptionPoint {
  /** Number of the port call from 1 on. */
  readonly call: number;
  readonly when: "before" | "after";
}

/**
 * The same ports, until the work dies at a call of one of them. The clock is no port to die at.
 *
 * @returns the ports, and how many calls there were so far
 */
export function interrupted<Ports extends object>(ports: Ports, point?: InterruptionPoint) {
  let calls = 0;
  const watch = (port: object) =>
    new Proxy(port, {
      get(target, name) {
        const member = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return (...values: unknown[]) => {
          calls++;
          if (calls !== point?.call) return member.apply(target, values);
          const dies = () => {
            throw new Interruption(`${String(name)}, ${point.when}`);
          };
          if (point.when === "before") return dies();
          const result = member.apply(target, values);
          return result instanceof Promise ? result.then(dies) : dies();
        };
      },
    });
  const watched = Object.entries(ports).map(([name, port]) => [name, name === "clock" ? port : watch(port)]);
  return { ports: Object.fromEntries(watched) as Ports, calls: () => calls };
}
