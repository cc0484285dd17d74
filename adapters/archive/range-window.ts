import { RandomAccessReader } from "yauzl";
import { ArchiveTooLarge } from "../../core/errors.ts";
import type { RandomAccess } from "../../core/ports.ts";

interface Held {
  readonly start: number;
  readonly bytes: Uint8Array;
}

type ReadCallback = Parameters<RandomAccessReader["read"]>[4];

/** Most of a directory that is held at once; the one of 2,651 entries (about 200 KB) comes in a single range. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * Serves yauzl's many small reads of a zip's directory from few large ranges.
 *
 * A directory runs from its first header to the end of the file, and yauzl starts by reading the end. So a read that
 * is not there yet fetches everything up to what is already held, at most {@link CHUNK_BYTES} at once.
 */
export class DirectoryReader extends RandomAccessReader {
  /** What the source threw, to be told apart from what yauzl found wrong with the bytes. */
  sourceFailure: { readonly error: unknown } | null = null;
  /** The bytes yauzl asked for last, and where they end. */
  last: Uint8Array = new Uint8Array(0);
  lastEnd = 0;

  readonly #source: RandomAccess;
  readonly #bytesAtMost: number;
  #bytesRead = 0;
  #tail: Held | null = null;
  #window: Held = { start: 0, bytes: new Uint8Array(0) };

  constructor(source: RandomAccess, bytesAtMost: number) {
    super();
    this.#source = source;
    this.#bytesAtMost = bytesAtMost;
  }

  override read(buffer: Buffer, offset: number, length: number, position: number, callback: ReadCallback): void {
    this.bytesAt(position, length).then(
      (bytes) => {
        buffer.set(bytes, offset);
        this.last = bytes;
        this.lastEnd = position + bytes.length;
        // yauzl compares the second argument with what it asked for; its types do not know that.
        (callback as (error: Error | null, bytesRead: number) => void)(null, bytes.length);
      },
      (error: Error) => {
        this.sourceFailure = { error };
        callback(error);
      },
    );
  }

  /** @returns the bytes at `start`, fewer at the end of the file, none outside it */
  async bytesAt(start: number, length: number): Promise<Uint8Array> {
    // Offsets come from the archive: 64-bit numbers of any size.
    if (!Number.isSafeInteger(start) || start < 0 || start >= this.#source.size) return new Uint8Array(0);
    const end = Math.min(start + length, this.#source.size);

    for (const held of [this.#window, this.#tail]) {
      if (held !== null && start >= held.start && end <= held.start + held.bytes.length) {
        return held.bytes.subarray(start - held.start, end - held.start);
      }
    }

    const tail = this.#tail;
    if (tail === null) {
      this.#tail = { start, bytes: await this.#fetch(start, end) };
      return this.#tail.bytes.subarray(0, end - start);
    }

    const fetchEnd = Math.min(tail.start, start + Math.max(CHUNK_BYTES, length));
    const fetched = await this.#fetch(start, fetchEnd);
    // Next to the tail, both become one window: a header can lie across the border.
    const bytes = fetchEnd === tail.start ? concatenate(fetched, tail.bytes) : fetched;
    this.#window = { start, bytes };
    return this.#window.bytes.subarray(0, end - start);
  }

  async #fetch(start: number, end: number): Promise<Uint8Array> {
    this.#bytesRead += end - start;
    if (this.#bytesRead > this.#bytesAtMost) {
      throw new ArchiveTooLarge(
        `The zip's list of files is larger than ${this.#bytesAtMost} bytes, which no time-lapse needs. ` +
          "Upload an archive of one embryo's frames and manifest.json.",
      );
    }
    return await this.#source.read(start, end - start);
  }
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
