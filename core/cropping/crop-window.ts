import type { EmbryoMask } from "./embryo-mask.ts";
import type { SquareWindow } from "./resample.ts";

/** Side of the crop over the picture's shorter side. Kragh et al. 2019, appendix: 64 % of the area. */
export const CROP_FRACTION = 0.8;

export interface CropWindow extends SquareWindow {
  /** True where 80 % was too small for the mask, as on stills of microscopes that a blastocyst fills. */
  readonly grown: boolean;
}

/**
 * Places the square that is cut out around an embryo: 80 % of the picture's shorter side, centred on the mask's centre of
 * mass, shifted to hold the whole mask and to stay inside the picture. 500 x 500 gives 400, 800 x 800 gives 640. Where the
 * mask does not fit, the square grows around the same centre until it does, and may then reach outside the picture.
 *
 * @param mask bounds within the picture
 * @returns whole pixels of the original picture
 * @see Kragh et al. 2019, appendix
 */
export function cropWindow(
  picture: { readonly width: number; readonly height: number },
  mask: Pick<EmbryoMask, "centre" | "bounds">,
): CropWindow {
  const usual = Math.round(CROP_FRACTION * Math.min(picture.width, picture.height));
  const { centre, bounds } = mask;
  const across = { from: Math.floor(bounds.left), to: Math.ceil(bounds.right) };
  const down = { from: Math.floor(bounds.top), to: Math.ceil(bounds.bottom) };
  const fits = across.to - across.from <= usual && down.to - down.from <= usual;
  const reach = Math.max(centre.x - across.from, across.to - centre.x, centre.y - down.from, down.to - centre.y);
  // One pixel more than twice the reach: the square begins at a whole pixel.
  const size = fits ? usual : Math.ceil(2 * reach) + 1;
  return {
    left: placed(centre.x, size, across, picture.width),
    top: placed(centre.y, size, down, picture.height),
    size,
    grown: !fits,
  };
}

/** Start of a stretch of `size` around `centre` that holds `held` and, where it can, stays within 0 to `extent`. */
function placed(centre: number, size: number, held: { from: number; to: number }, extent: number): number {
  const start = clamped(Math.round(centre - size / 2), held.to - size, held.from);
  // A square longer than the picture's side is padded on both sides: no shift can bring it inside.
  return size > extent ? start : clamped(start, 0, extent - size);
}

function clamped(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
