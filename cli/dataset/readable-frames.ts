import type { Warning } from "../../core/contracts/identifiers.ts";
import type { Frame } from "../../core/contracts/time-lapse.ts";
import { isBlastogradeError } from "../../core/errors.ts";
import type { GreyImage, PictureDecoder } from "../../core/ports.ts";
import { chooseFocalPlanes, type FocalStack, focalStacks } from "../../core/timelapse/focal-planes.ts";
import type { Problem, SourceEmbryo } from "./embryo-source.ts";

/** What is wrong with one picture and says nothing about the others. */
const OF_ONE_PICTURE = [
  "IMAGE_UNREADABLE",
  "IMAGE_UNSUPPORTED",
  "IMAGE_TOO_LARGE",
  "FILE_UNREADABLE",
  "ARCHIVE_DAMAGED",
  "ARCHIVE_TOO_LARGE",
];

/**
 * The frames of one embryo that can be read: a time with a damaged picture is left out once it was met. Bytes are read
 * once, since the sequence is begun again then and stills lie on its hours.
 */
export class ReadableFrames {
  readonly #embryo: SourceEmbryo;
  readonly #decoder: PictureDecoder;
  readonly #bytes = new Map<string, Uint8Array>();
  readonly #problems: Problem[] = [];
  #stacks: FocalStack[];
  #latest = "";

  constructor(embryo: SourceEmbryo, decoder: PictureDecoder) {
    this.#embryo = embryo;
    this.#decoder = decoder;
    this.#stacks = focalStacks(embryo.frames);
  }

  get stacks(): readonly FocalStack[] {
    return this.#stacks;
  }

  get frames(): Frame[] {
    return this.#stacks.flatMap(({ frames }) => frames);
  }

  /** The times that were left out. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** Begins again without the time of each picture that turns out to be damaged. @throws what `work` throws otherwise */
  async untilReadable<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!this.#leaveOut(error)) throw error;
      }
    }
  }

  /** Reads one frame, and with it the others that a clip needs of its time. */
  async read(file: string): Promise<Uint8Array> {
    this.#latest = file;
    const known = this.#bytes.get(file);
    if (known !== undefined) return known;
    const stack = this.#stacks.find(({ frames }) => frames.some((frame) => frame.file === file))!;
    const clipPlanes = chooseFocalPlanes(stack).frames.map((frame) => frame.file);
    await this.#readTogether(clipPlanes.includes(file) ? clipPlanes : [file]);
    return this.#bytes.get(file)!;
  }

  /** Reads and decodes frames of one time. @returns the pictures by file, and the decoder's remarks on them */
  async decode(files: readonly string[]): Promise<{ pictures: Map<string, GreyImage>; warnings: Warning[] }> {
    this.#latest = files[0]!;
    await this.#readTogether(files);
    const pictures = new Map<string, GreyImage>();
    const warnings: Warning[] = [];
    for (const file of new Set(files)) {
      this.#latest = file;
      const decoded = await this.#decoder.decodeGrey(this.#bytes.get(file)!);
      pictures.set(file, decoded.image);
      warnings.push(...decoded.warnings);
    }
    return { pictures, warnings };
  }

  /** Leaves out the time whose picture was read last, if the error is about that picture. @returns whether it was */
  #leaveOut(error: unknown): boolean {
    if (!isBlastogradeError(error) || !OF_ONE_PICTURE.includes(error.code)) return false;
    const stack = this.#stacks.find(({ frames }) => frames.some(({ file }) => file === this.#latest));
    if (stack === undefined) return false;
    this.#stacks = this.#stacks.filter((other) => other !== stack);
    const detail = `${this.#latest}: ${error.message} The time of ${stack.hpi.toFixed(2)} hpi is left out.`;
    this.#problems.push({ embryoId: this.#embryo.embryoId, code: error.code, detail });
    return true;
  }

  async #readTogether(files: readonly string[]): Promise<void> {
    const missing = [...new Set(files)].filter((file) => !this.#bytes.has(file));
    if (missing.length === 0) return;
    const read = await this.#embryo.readFrames(missing);
    missing.forEach((file, position) => {
      this.#bytes.set(file, read[position]!);
    });
  }
}
