import { FOCAL_PLANES_UM } from "../contracts/clip.ts";
import type { Warning } from "../contracts/identifiers.ts";
import { cavityWarnings, refuseNonBlastocystStill } from "../cropping/blastocyst-criterion.ts";
import { centreContrast } from "../cropping/expansion-evidence.ts";
import { cropPlanes, findEmbryo, lookWarnings } from "../cropping/look.ts";
import { neighbourWarnings, refuseCutOffEmbryo, refuseSeveralEmbryos } from "../cropping/one-embryo.ts";
import { NoEmbryo } from "../errors.ts";
import type { EmbryoSegmenter, PictureDecoder, StageMeter } from "../ports.ts";
import type { CroppedSequence } from "./crop-sequence.ts";

export interface CropStillPorts {
  readonly pictures: PictureDecoder;
  readonly segmenter: EmbryoSegmenter;
  readonly meter: StageMeter;
}

/** What one picture says besides its pixels. */
const SINGLE_PLANE: Warning = {
  code: "SINGLE_PLANE",
  detail:
    "One picture stands in for three focal planes and for the hours before it; the networks were trained on three planes, so " +
    "that these grades are weaker than a time-lapse's.",
};

/**
 * Turns one picture into a sequence of one frame: the picture as all three planes, the cropper, the crop.
 *
 * @param bytes of a JPEG, PNG, TIFF or BMP
 * @throws NoEmbryo; SeveralEmbryos; NoBlastocyst; what decoding throws
 */
export async function cropStill(
  bytes: Uint8Array,
  { pictures, segmenter, meter }: CropStillPorts,
): Promise<Omit<CroppedSequence, "evidence">> {
  const { image, warnings } = await meter.run("decode", () => pictures.decodeGrey(bytes));
  const planes = FOCAL_PLANES_UM.map(() => image);
  const look = await meter.run("segment", () => findEmbryo(planes, segmenter));
  if (look.mask === null || look.window === null) {
    throw new NoEmbryo(
      "No embryo is seen in the picture. Check that it shows a blastocyst, in focus and not too small, and upload it again.",
    );
  }
  refuseSeveralEmbryos(look);
  refuseCutOffEmbryo(look);
  const { mask, window } = look;
  const frames = await meter.run("crop", async () => cropPlanes(planes, window));
  const contrast = centreContrast(frames, mask, window);
  refuseNonBlastocystStill(contrast);
  return {
    frames,
    hpi: Float32Array.of(0),
    sequence: { kind: "still", framesUsed: 1, firstHpi: null, tMebHpi: null, focalPlanesUm: [0, 0, 0] },
    warnings: [
      SINGLE_PLANE,
      ...lookWarnings(look),
      ...neighbourWarnings(look),
      ...cavityWarnings(contrast),
      ...warnings,
    ],
  };
}
