// Draws embryos and takes them through the crop station's own code: training sees the bytes that serving sees.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import { openSegmenter } from "../../adapters/onnx/segmenter.ts";
import type { Frame } from "../../core/contracts/time-lapse.ts";
import type { ExpansionEvidence } from "../../core/cropping/expansion-evidence.ts";
import { cropPlanes, findEmbryo } from "../../core/cropping/look.ts";
import { EmptyWell } from "../../core/errors.ts";
import type { EmbryoSegmenter, GreyImage } from "../../core/ports.ts";
import { sha256Hex } from "../../core/sha256.ts";
import { cropSequence } from "../../core/stations/crop-sequence.ts";
import { chooseFocalPlanes, focalStacks } from "../../core/timelapse/focal-planes.ts";
import { type PhantomEmbryo, phantomEmbryo, phantomManifest, stackPictures } from "../../phantom/index.ts";
import type { Share } from "./shares.ts";
import { FOCAL_SHIFTS_UM, TIME_SHIFTS_H } from "./variants.ts";

export interface SequenceTask {
  readonly seed: number;
  readonly embryos: number;
  readonly out: string;
  readonly cropper: Uint8Array;
  /**
   * For the RNN stills and clips; for the CNN stills alone, which cost a fifth; for the criterion the evidence alone, of
   * embryos every second of which is arrested.
   */
  readonly purpose: "sequences" | "stills" | "criterion";
}

export interface PreparedEmbryo {
  readonly embryo: PhantomEmbryo;
  /** Null where the crop station sees an empty well, or where nothing was asked of it. */
  readonly evidence: ExpansionEvidence | null;
  /** uint8 [V, 3, 224, 224], variant 0 unshifted; null for embryos without votes. */
  readonly stills: Uint8Array | null;
}

const { task, share, shares } = workerData as Share<SequenceTask>;
const segmenter = await openSegmenter(task.cropper, { sha256: await sha256Hex(task.cropper), threads: 1 });
for (let index = share; index < task.embryos; index += shares) {
  const half = { kind: index % 2 === 0 ? "blastocyst" : "arrested" } as const;
  const kind = task.purpose === "criterion" ? half : {};
  parentPort!.postMessage(await prepareEmbryo(phantomEmbryo({ seed: task.seed, index, ...kind })));
}
await segmenter.close();

async function prepareEmbryo(embryo: PhantomEmbryo): Promise<PreparedEmbryo> {
  const { frames } = phantomManifest(embryo);
  const evidence = task.purpose === "stills" ? null : await prepareSequence(embryo, frames);
  const wantsStills = task.purpose !== "criterion" && embryo.icmVotes.length > 0;
  return { embryo, evidence, stills: wantsStills ? await stillVariants(embryo, frames, segmenter) : null };
}

/** Writes the clip where one is wanted. @returns null where the crop station sees an empty well */
async function prepareSequence(embryo: PhantomEmbryo, frames: readonly Frame[]): Promise<ExpansionEvidence | null> {
  const readFrame = stackReader(embryo, frames);
  const meter = { run: <T>(_stage: string, work: () => Promise<T>) => work() };
  try {
    const cropped = await cropSequence(frames, { pictures: sharpDecoder, segmenter, meter, readFrame });
    if (task.purpose === "sequences") {
      const clip = npzClipFormat.encode({
        frames: cropped.frames,
        hpi: cropped.hpi,
        meta: {
          schema: "blastograde/clip@1",
          archiveDigest: await sha256Hex(new TextEncoder().encode(embryo.embryoId)),
          cropperSha256: segmenter.sha256,
          ageYears: embryo.ageYears,
        },
      });
      await writeFile(join(task.out, "clips", `${embryo.embryoId}.npz`), clip);
    }
    return cropped.evidence;
  } catch (error) {
    if (!(error instanceof EmptyWell) || embryo.kind === "blastocyst") throw error;
    return null;
  }
}

/** The still at tA and its augmentations. */
async function stillVariants(
  embryo: PhantomEmbryo,
  frames: readonly Frame[],
  cropper: EmbryoSegmenter,
): Promise<Uint8Array> {
  const stacks = focalStacks(frames);
  const variants: Uint8Array[] = [];
  for (const hours of TIME_SHIFTS_H) {
    const stack = stacks.reduce((best, candidate) =>
      Math.abs(candidate.hpi - embryo.tAHpi - hours) < Math.abs(best.hpi - embryo.tAHpi - hours) ? candidate : best,
    );
    const drawn = await stackPictures(
      embryo,
      stack.hpi,
      stack.frames.map(({ focalPlaneUm }) => focalPlaneUm),
    );
    const pictures = new Map<string, GreyImage>();
    for (const [position, { file }] of stack.frames.entries()) {
      pictures.set(file, (await sharpDecoder.decodeGrey(drawn[position]!)).image);
    }
    for (const shiftUm of FOCAL_SHIFTS_UM) {
      const planes = chooseFocalPlanes(stack, shiftUm).frames.map(({ file }) => pictures.get(file)!);
      const { window } = await findEmbryo(planes, cropper);
      if (window === null) throw new Error(`the cropper finds no embryo in ${embryo.embryoId}: train it longer`);
      variants.push(cropPlanes(planes, window));
    }
  }
  const stills = new Uint8Array(variants.length * variants[0]!.length);
  variants.forEach((variant, v) => {
    stills.set(variant, v * variant.length);
  });
  return stills;
}

/** Reads frames as from the archive; the wanted planes of one time are drawn together, which is twice as fast. */
function stackReader(embryo: PhantomEmbryo, frames: readonly Frame[]): (file: string) => Promise<Uint8Array> {
  const stackOf = new Map(
    focalStacks(frames).flatMap((stack) => stack.frames.map(({ file }) => [file, stack] as const)),
  );
  let drawn = new Map<string, Uint8Array>();
  return async (file) => {
    if (!drawn.has(file)) {
      const stack = stackOf.get(file)!;
      const chosen = chooseFocalPlanes(stack).frames;
      const planes = chosen.map(({ focalPlaneUm }) => focalPlaneUm);
      const pictures = await stackPictures(embryo, stack.hpi, planes);
      drawn = new Map(chosen.map((frame, plane) => [frame.file, pictures[plane]!]));
    }
    return drawn.get(file)!;
  };
}
