import type { GreyImage } from "../../core/ports.ts";
import { sharp } from "./libvips.ts";

/**
 * Encodes a grey picture as a one-channel JPEG; the same pixels give the same bytes.
 *
 * @param quality 1..100 as in libjpeg
 */
export async function encodeJpeg({ width, height, pixels }: GreyImage, quality: number): Promise<Uint8Array> {
  return await sharp(pixels, { raw: { width, height, channels: 1 } })
    .toColourspace("b-w")
    .jpeg({ quality, progressive: false, mozjpeg: false })
    .toBuffer();
}
