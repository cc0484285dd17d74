import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import { CLIP_SIZE } from "../../core/contracts/clip.ts";
import { GRADES, type Grade } from "../../core/contracts/grades.ts";
import type { GreyImage } from "../../core/ports.ts";
import { loosePhantom, packed } from "./phantom-archive.ts";
import { greyJpeg } from "./pictures.ts";

/** What the marks of a picture say. */
export interface Marks {
  readonly icm: Grade;
  readonly te: Grade;
}

/** An embryo whose grades can be read off its last pictures. */
export interface MarkedEmbryo extends Marks {
  readonly embryoId: string;
  /** Of the phantom below the marks. */
  readonly seed: number;
}

/** The plane with upright stripes, in micrometres, says the ICM's grade; the one with level stripes, in another order, the TE's. */
const UPRIGHT_PLANE_UM: Readonly<Record<Grade, number>> = { A: -45, B: 0, C: 45 };
const LEVEL_PLANE_UM: Readonly<Record<Grade, number>> = { A: 0, B: 45, C: -45 };

// Too fine for the cropper's 64 pixels, where stripes fade into grey: it finds the embryo as if they were not there.
const STRIPE_PERIOD = 8;
const STRIPE_GREY = 50;

/** Hours post insemination: three of a morula, three of the expanded blastocyst. */
const MARKED_HPI = [91, 92, 93, 116, 117, 118];
/** The last capture, where the still is taken. */
export const STILL_HPI = 118;
/** With planes one step beside the outer two of a clip, so that a shift by a step finds pictures without stripes. */
const PLANES_UM = [-45, -30, 0, 15, 45];

/** The marks of an hour: the embryo's grades where the still is taken, and before it of every hour another pair. */
export function marksAt({ icm, te }: Marks, hpi: number): Marks {
  const hoursLeft = MARKED_HPI.length - 1 - MARKED_HPI.indexOf(hpi);
  const later = (grade: Grade, steps: number) => GRADES[(GRADES.indexOf(grade) + steps) % GRADES.length]!;
  return { icm: later(icm, hoursLeft), te: later(te, Math.floor(hoursLeft / GRADES.length)) };
}

/** The archive of a phantom that carries the marks of its grades. */
export async function markedArchive(embryo: MarkedEmbryo): Promise<Uint8Array> {
  const { embryoId, seed } = embryo;
  const { manifest, pictures } = await loosePhantom({ seed, capturedHpi: MARKED_HPI, focalPlanesUm: PLANES_UM });
  const marked: Record<string, Uint8Array> = {};
  for (const { file, hpi, focalPlaneUm } of manifest.frames) {
    const { icm, te } = marksAt(embryo, hpi);
    const { image } = await sharpDecoder.decodeGrey(pictures[file]!);
    marked[file] = await greyJpeg(
      withStripes(image, focalPlaneUm === UPRIGHT_PLANE_UM[icm], focalPlaneUm === LEVEL_PLANE_UM[te]),
    );
  }
  const archive = await packed({ manifest: { ...manifest, embryoId, cycleId: embryoId }, pictures: marked });
  return new Uint8Array(await archive.arrayBuffer());
}

function withStripes(image: GreyImage, upright: boolean, level: boolean): GreyImage {
  const stripe = (at: number) => (at % STRIPE_PERIOD < STRIPE_PERIOD / 2 ? STRIPE_GREY : -STRIPE_GREY);
  const pixels = image.pixels.map((grey, p) => {
    const [x, y] = [p % image.width, Math.floor(p / image.width)];
    return Math.min(255, Math.max(0, grey + (upright ? stripe(x) : 0) + (level ? stripe(y) : 0)));
  });
  return { ...image, pixels };
}

/** How strong the stripes of one channel are, uint8 [224, 224], either way. */
export function stripesOf(channel: Uint8Array): { upright: number; level: number } {
  let upright = 0;
  let level = 0;
  channel.forEach((grey, p) => {
    if (p % CLIP_SIZE >= 2) upright += Math.abs(grey - channel[p - 2]!) / CLIP_SIZE ** 2;
    if (p >= 2 * CLIP_SIZE) level += Math.abs(grey - channel[p - 2 * CLIP_SIZE]!) / CLIP_SIZE ** 2;
  });
  return { upright, level };
}
