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
 * mass, shifted to stay inside the picture. 500 x 500 gives 400, 800 x 800 gives 640. Where the mask does not fit, the
 * square grows around the same centre until it does, and may then reach outside the picture.
 *
 * @returns whole pixels of the original picture
 * @see Kragh et al. 2019, appendix
 */
export function cropWindow(
  picture: { readonly width: number; readonly height: number },
  mask: Pick<EmbryoMask, "centre" | "bounds">,
): CropWindow {
  const usual = Math.round(CROP_FRACTION * Math.min(picture.width, picture.height));
  const { centre, bounds } = mask;
  const reach = Math.max(
    centre.x - bounds.left,
    bounds.right - centre.x,
    centre.y - bounds.top,
    bounds.bottom - centre.y,
  );
  const fits = bounds.right - bounds.left <= usual && bounds.bottom - bounds.top <= usual;
  const size = fits ? usual : Math.ceil(2 * reach);
  return {
    left: placed(centre.x, size, picture.width),
    top: placed(centre.y, size, picture.height),
    size,
    grown: !fits,
  };
}

function placed(centre: number, size: number, extent: number): number {
  const start = Math.round(centre - size / 2);
  // A square longer than the picture's side is padded on both sides: no shift can bring it inside.
  return size > extent ? start : Math.min(Math.max(start, 0), extent - size);
}
