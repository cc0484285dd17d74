import { zipArchive } from "../../adapters/archive/zip-writer.ts";
import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import { FOCAL_PLANES_UM } from "../../core/contracts/clip.ts";
import { type Frame, MANIFEST_FILE, type TimeLapseManifest } from "../../core/contracts/time-lapse.ts";
import type { GreyImage } from "../../core/ports.ts";
import { framePicture, type PhantomKind, phantomEmbryo } from "../../phantom/index.ts";

export interface PhantomArchiveOptions {
  /** @default 8 */
  readonly seed?: number;
  /** @default "blastocyst" */
  readonly kind?: PhantomKind;
  /** Hours post insemination, whole or not. @default three as a morula and three when expanded: enough to show growth */
  readonly capturedHpi?: readonly number[];
  /** Micrometres. @default the three that the models take */
  readonly focalPlanesUm?: readonly number[];
  /** Laid over the manifest. */
  readonly manifest?: Partial<TimeLapseManifest>;
}

/** One embryo's archive before it is packed, for a test to change. */
export interface LooseArchive {
  readonly manifest: TimeLapseManifest;
  /** By their names in the archive. */
  readonly pictures: Readonly<Record<string, Uint8Array>>;
}

const GROWTH_HPI = [91, 92, 93, 116, 117, 118];

/** A small archive of a phantom embryo of good quality; nothing is drawn twice in one process. */
export async function phantomArchive(options: PhantomArchiveOptions = {}): Promise<Blob> {
  return packed(await loosePhantom(options));
}

/** The archive of {@link phantomArchive}, not packed yet. */
export async function loosePhantom(options: PhantomArchiveOptions = {}): Promise<LooseArchive> {
  const { seed = 8, kind = "blastocyst", capturedHpi = GROWTH_HPI, focalPlanesUm = FOCAL_PLANES_UM } = options;
  const frames: Frame[] = [];
  const pictures: Record<string, Uint8Array> = {};
  for (const hpi of capturedHpi) {
    for (const focalPlaneUm of focalPlanesUm) {
      const file = `frames/${hpi}h_${focalPlaneUm}um.jpg`;
      frames.push({ file, hpi, focalPlaneUm });
      pictures[file] = await drawn(seed, kind, hpi, focalPlaneUm);
    }
  }
  const embryoId = `${kind}-${seed}`;
  return {
    manifest: { schema: "blastograde/time-lapse@1", embryoId, cycleId: "cycle-1", frames, ...options.manifest },
    pictures,
  };
}

/** One picture of an expanded phantom, as a JPEG: what a clinic uploads as a still. */
export async function phantomStill(options: Pick<PhantomArchiveOptions, "seed" | "kind"> = {}): Promise<Uint8Array> {
  const { pictures } = await loosePhantom({ ...options, capturedHpi: [117], focalPlanesUm: [0] });
  return Object.values(pictures)[0]!;
}

/** The files of an archive by name, as the builders of hostile zips take them. */
export function filesOf({ manifest, pictures }: LooseArchive): Record<string, Uint8Array> {
  return { [MANIFEST_FILE]: new TextEncoder().encode(JSON.stringify(manifest)), ...pictures };
}

/** An ordinary zip of an archive. */
export async function packed(archive: LooseArchive): Promise<Blob> {
  return packedFiles(filesOf(archive));
}

export async function packedFiles(files: Readonly<Record<string, Uint8Array>>): Promise<Blob> {
  return blobOf(await zipArchive(Object.entries(files).map(([name, bytes]) => ({ name, bytes }))));
}

export function blobOf(bytes: Uint8Array): Blob {
  return new Blob([bytes as Uint8Array<ArrayBuffer>]);
}

/** Writes the pictures whose names begin so anew. */
export async function repictured(
  archive: LooseArchive,
  beginning: string,
  encode: (image: GreyImage) => Uint8Array | Promise<Uint8Array>,
): Promise<LooseArchive> {
  const pictures = { ...archive.pictures };
  for (const file of Object.keys(pictures).filter((name) => name.startsWith(beginning))) {
    const { image } = await sharpDecoder.decodeGrey(pictures[file]!);
    pictures[file] = await encode(image);
  }
  return { ...archive, pictures };
}

const drawings = new Map<string, Promise<Uint8Array>>();

function drawn(seed: number, kind: PhantomKind, hpi: number, focalPlaneUm: number): Promise<Uint8Array> {
  const name = [seed, kind, hpi, focalPlaneUm].join(" ");
  const known = drawings.get(name) ?? framePicture(embryoOf(seed, kind), hpi, focalPlaneUm);
  drawings.set(name, known);
  return known;
}

const embryos = new Map<string, ReturnType<typeof phantomEmbryo>>();

function embryoOf(seed: number, kind: PhantomKind) {
  const name = `${seed} ${kind}`;
  // A good trophectoderm expands the embryo most, so that nobody takes it for arrested.
  const qualities = { latentIcm: 0.8, latentTe: 0.9 };
  const known = embryos.get(name) ?? phantomEmbryo({ seed, index: 0, instrument: "embryoscope", kind, ...qualities });
  embryos.set(name, known);
  return known;
}
