import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import type { Grade } from "../../core/contracts/grades.ts";
import { loosePhantom, packed } from "./phantom-archive.ts";
import { greyJpeg } from "./pictures.ts";

/** An embryo whose grades can be read off its pictures. */
export interface MarkedEmbryo {
  readonly embryoId: string;
  /** Of the phantom below the marks. */
  readonly seed: number;
  readonly icm: Grade;
  readonly te: Grade;
}

/** The plane that is brighter than the others, in micrometres: the mark of the ICM's grade. */
export const BRIGHT_PLANE_UM: Readonly<Record<Grade, number>> = { A: -45, B: 0, C: 45 };
/** Grey added to every plane from its half-time on, and taken away before it: the mark of the TE's grade. */
export const LATER_GREY: Readonly<Record<Grade, number>> = { A: 24, B: 0, C: -24 };

const PLANE_GREY = 36;
/** Mean of a picture without marks, whatever the lamp of the phantom. */
const MEAN_GREY = 105;

/** A morula's hours, and those of the expanded blastocyst, in hours post insemination. */
const EARLY_HPI = [91, 92, 93];
const LATE_HPI = [116, 117, 118];
/** With planes 15 um beside the outer two of a clip, so that a shift of one plane finds pictures, and not the marked ones. */
const PLANES_UM = [-45, -30, 0, 15, 45];

/** The archive of a phantom that carries the marks of its grades. */
export async function markedArchive({ embryoId, seed, icm, te }: MarkedEmbryo): Promise<Uint8Array> {
  const capturedHpi = [...EARLY_HPI, ...LATE_HPI];
  const { manifest, pictures } = await loosePhantom({ seed, capturedHpi, focalPlanesUm: PLANES_UM });
  const marked: Record<string, Uint8Array> = {};
  for (const { file, hpi, focalPlaneUm } of manifest.frames) {
    const ofPlane = focalPlaneUm === BRIGHT_PLANE_UM[icm] ? PLANE_GREY : 0;
    const ofTime = LATE_HPI.includes(hpi) ? LATER_GREY[te] : -LATER_GREY[te];
    marked[file] = await withMean(pictures[file]!, MEAN_GREY + ofPlane + ofTime);
  }
  const archive = await packed({ manifest: { ...manifest, embryoId, cycleId: embryoId }, pictures: marked });
  return new Uint8Array(await archive.arrayBuffer());
}

/** A picture made brighter or darker all over, to this mean. */
async function withMean(picture: Uint8Array, wanted: number): Promise<Uint8Array> {
  const { image } = await sharpDecoder.decodeGrey(picture);
  const mean = image.pixels.reduce((sum, grey) => sum + grey, 0) / image.pixels.length;
  const pixels = image.pixels.map((grey) => Math.min(255, Math.max(0, Math.round(grey + wanted - mean))));
  return greyJpeg({ ...image, pixels });
}
