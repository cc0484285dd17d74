import { ImageTooLarge, ImageUnsupported } from "../../core/errors.ts";

/** Five times the largest sensor of a time-lapse incubator in each direction. */
export const PIXELS_AT_MOST = 4096 * 4096;
/** The cropper looks at 64 x 64: a smaller picture would have to be invented. */
const SIDE_AT_LEAST = 64;

/**
 * Refuses a size before anything is decoded.
 *
 * A picture that is too small is unsupported rather than unreadable: its file is intact, and sending it again would
 * not help.
 *
 * @throws ImageTooLarge; ImageUnsupported
 */
export function refuseSize(width: number, height: number): void {
  if (width * height > PIXELS_AT_MOST) {
    throw new ImageTooLarge(
      `The picture has ${width} x ${height} pixels; at most ${PIXELS_AT_MOST} are taken. Export it in the instrument's own size.`,
    );
  }
  if (width < SIDE_AT_LEAST || height < SIDE_AT_LEAST) {
    throw new ImageUnsupported(
      `The picture has ${width} x ${height} pixels; each side needs at least ${SIDE_AT_LEAST}. Export the frame itself, not a thumbnail.`,
    );
  }
}
