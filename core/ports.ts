import type { Clip } from "./contracts/clip.ts";
import type { Grading, GradingRecord, GradingStatus, RecordKey } from "./contracts/grading.ts";
import type { Warning } from "./contracts/identifiers.ts";

// ---- Objects --------------------------------------------------------------------------------------------------------

/** A slash-separated name such as `clips/north/1f0c.npz`: segments of letters, digits, `.`, `_` and `-`. */
export type ObjectKey = string;

export interface StoredObject {
  readonly key: ObjectKey;
  /** Changes with every write under the same key; opaque. */
  readonly version: string;
  /** Bytes. */
  readonly size: number;
}

/** Where pixels live. Every write makes a new version; without a version, the newest is meant. */
export interface ObjectStore {
  /** @returns null when nothing lies there. @throws StorageUnavailable */
  head(key: ObjectKey, version?: string): Promise<StoredObject | null>;
  /** @throws ObjectMissing; StorageUnavailable */
  read(key: ObjectKey, version?: string): Promise<Uint8Array>;
  /** Reads `length` bytes from `start`; fewer only at the object's end. @throws ObjectMissing; StorageUnavailable */
  readRange(key: ObjectKey, start: number, length: number, version?: string): Promise<Uint8Array>;
  /** Whole or not at all: a reader never sees half an object. @throws StorageUnavailable */
  write(key: ObjectKey, bytes: Uint8Array): Promise<StoredObject>;
}

/** A form that lets a browser or a script put one file under one key without further credentials. */
export interface UploadForm {
  readonly url: string;
  /** To be sent before the file, in this order. */
  readonly fields: Readonly<Record<string, string>>;
  readonly expiresAt: string;
}

export interface UploadForms {
  /** @param bytes allowed size of the file, both ends included */
  presign(key: ObjectKey, bytes: { min: number; max: number }): Promise<UploadForm>;
}

// ---- Gradings and records -------------------------------------------------------------------------------------------

/** The part of a grading that a station may change. */
export type GradingChange = Partial<Omit<Grading, "gradingId" | "clinicId" | "receivedAt">>;

export interface GradingStore {
  /** @throws GradingExists; StorageUnavailable */
  create(grading: Grading): Promise<void>;
  find(gradingId: string): Promise<Grading | null>;
  /**
   * Changes the row if its status is one of `from`, else leaves it.
   *
   * @returns the row as it is now and whether it was changed; null when there is none
   */
  change(
    gradingId: string,
    from: readonly GradingStatus[],
    change: GradingChange,
  ): Promise<{ grading: Grading; changed: boolean } | null>;
  /**
   * Sets `objectVersion` if it is null, by a conditional write.
   *
   * @returns the version that is pinned afterwards; null when there is no such grading
   */
  pinVersion(gradingId: string, version: string): Promise<string | null>;
  /**
   * Gradings neither graded nor rejected and not touched since `updatedBefore` (ISO 8601), oldest first: however many there are,
   * a reader that goes through them one by one holds no more than a page.
   *
   * @throws StorageUnavailable at the end, after all others, when rows could not be read
   */
  listUnfinished(updatedBefore: string): AsyncIterable<Grading>;
  /** The newest grading of each embryo of a clinic, by embryo id; `after` is the last embryo id already seen. */
  listByEmbryo(clinicId: string, options: { after?: string; limit: number }): Promise<Grading[]>;
  /** The newest grading of each embryo of one cycle, by embryo id. */
  listByCycle(clinicId: string, cycleId: string): Promise<Grading[]>;
  /** The newest grading of one embryo. */
  findByEmbryo(clinicId: string, embryoId: string): Promise<Grading | null>;
}

/** Records are written once, by a conditional put, and never changed. */
export interface RecordStore {
  /** @returns the record that is there afterwards, and whether this call put it there */
  putOnce(record: GradingRecord): Promise<{ record: GradingRecord; created: boolean }>;
  find(key: RecordKey): Promise<GradingRecord | null>;
  /** The newest by `gradedAt`. */
  findNewest(clinicId: string, embryoId: string): Promise<GradingRecord | null>;
}

// ---- Messages -------------------------------------------------------------------------------------------------------

/** Sending side of a queue that delivers at least once. */
export interface Sender<Message> {
  /** Durable once it returns. @throws StorageUnavailable */
  send(message: Message): Promise<void>;
}

/** A message that no station could work on, put aside. */
export interface DeadLetter {
  /** As it came, readable or not. */
  readonly body: string;
  /** Of this delivery; {@link DeadLetters.delete} takes it. */
  readonly receipt: string;
}

/** What was put aside of one queue. */
export interface DeadLetters {
  /**
   * Takes a few, in no order, and hides them from other takers for a while. None does not mean that there is none.
   *
   * @throws StorageUnavailable
   */
  receive(): Promise<readonly DeadLetter[]>;
  /** @throws StorageUnavailable */
  delete(letter: DeadLetter): Promise<void>;
}

/** Asynchronous inference: returns at once; completion comes as an `InferenceNotification` with the grading id. */
export interface ModelEndpoint {
  invoke(request: { gradingId: string; clipKey: ObjectKey }): Promise<void>;
}

// ---- Pictures, archives, networks -----------------------------------------------------------------------------------

/** 8-bit grey, row by row; `pixels.length === width * height`. */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

export interface PictureDecoder {
  /**
   * Decodes JPEG, PNG, TIFF or BMP into 8-bit grey, upright.
   *
   * @returns the picture, and a warning for each conversion that was needed (16-bit, colour, alpha, CMYK, EXIF rotation)
   * @throws ImageUnsupported; ImageTooLarge; ImageUnreadable
   */
  decodeGrey(bytes: Uint8Array): Promise<{ image: GreyImage; warnings: Warning[] }>;
}

export interface PictureEncoder {
  /** @returns WebP bytes */
  encodePreview(image: GreyImage): Promise<Uint8Array>;
}

/** 8-bit colour, row by row: red, green and blue of each pixel; `rgb.length === 3 * width * height`. */
export interface ColourImage {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

export interface OverlayEncoder {
  /** @returns WebP bytes; the same picture gives the same bytes @throws ExplanationNotDrawn */
  encodeOverlay(image: ColourImage): Promise<Uint8Array>;
}

/** Bytes that can be read from anywhere: an object of the store, a file. */
export interface RandomAccess {
  /** Bytes in all. */
  readonly size: number;
  read(start: number, length: number): Promise<Uint8Array>;
}

export interface ArchiveEntry {
  readonly name: string;
  readonly crc32: number;
  /** Uncompressed bytes. */
  readonly size: number;
}

export interface OpenArchive {
  readonly entries: ReadonlyMap<string, ArchiveEntry>;
  /** Reads one entry whole and checks its size and CRC-32. @throws ArchiveDamaged; ArchiveTooLarge; ArchiveUnsupported */
  read(name: string): Promise<Uint8Array>;
}

export interface ArchiveReader {
  /**
   * Reads the directory of an archive, and nothing else.
   *
   * @throws NotAZip; ArchiveEmpty; ArchiveDamaged; ArchiveTooLarge; ArchiveUnsupported; UnsafeEntryName
   */
  open(source: RandomAccess): Promise<OpenArchive>;
}

export interface ClipFormat {
  /** @returns an npz; the same clip gives the same bytes on every machine */
  encode(clip: Clip): Uint8Array;
  /** @throws ClipInvalid */
  decode(bytes: Uint8Array): Clip;
}

/** The U-Net cropper of Kragh et al. 2019, Table A.9. */
export interface EmbryoSegmenter {
  /** Digest of the network, for the clip's provenance. */
  readonly sha256: string;
  /**
   * @param pictures uint8 [3, 64, 64] each, channels as in a clip
   * @returns the probability of "embryo" per pixel, float32 [64, 64] each
   */
  segment(pictures: readonly Uint8Array[]): Promise<Float32Array[]>;
}

/** Runs a named stage of a station's work; a bench measures it, everything else only runs it. */
export interface StageMeter {
  run<T>(stage: string, work: () => Promise<T>): Promise<T>;
}

// ---- What tests hold still ------------------------------------------------------------------------------------------

export interface Clock {
  now(): Date;
}

export interface IdSource {
  /** A fresh id of at most 64 characters of A-Z, a-z, 0-9 and -. */
  next(): string;
}
