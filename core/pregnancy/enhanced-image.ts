import { CLIP_SIZE } from "../contracts/clip.ts";
import type { TissueMasks } from "./tissue-masks.ts";

const PIXELS = CLIP_SIZE ** 2;

/**
 * The enhanced image: the still, the still within the ICM, and the still within the TE as three grey channels; 0 outside
 * a mask. An empty mask leaves its channel empty.
 *
 * @param still uint8 [224, 224]
 * @returns uint8 [3, 224, 224]
 * @throws RangeError for a still of another size
 * @see Kim et al. 2024, Fig. 2 and the section on enhanced images
 */
export function enhancedImage(still: Uint8Array, { icm, te }: TissueMasks): Uint8Array {
  refuseOtherSize(still);
  const image = new Uint8Array(3 * PIXELS);
  image.set(still);
  for (let pixel = 0; pixel < PIXELS; pixel++) {
    image[PIXELS + pixel] = still[pixel]! * icm[pixel]!;
    image[2 * PIXELS + pixel] = still[pixel]! * te[pixel]!;
  }
  return image;
}

/**
 * The plain image that the enhanced one is compared against: the still three times.
 *
 * @param still uint8 [224, 224]
 * @returns uint8 [3, 224, 224]
 * @throws RangeError for a still of another size
 */
export function plainImage(still: Uint8Array): Uint8Array {
  refuseOtherSize(still);
  const image = new Uint8Array(3 * PIXELS);
  for (let channel = 0; channel < 3; channel++) image.set(still, channel * PIXELS);
  return image;
}

function refuseOtherSize(still: Uint8Array): void {
  if (still.length !== PIXELS) throw new RangeError(`a still of ${still.length} pixels, not [224, 224]`);
}
