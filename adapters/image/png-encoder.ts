import { sharp } from "./libvips.ts";

/**
 * Writes an 8-bit colour PNG, without loss.
 *
 * @param rgb interleaved red, green, blue; `width * height * 3` bytes
 */
export async function encodeRgbPng(width: number, height: number, rgb: Uint8Array): Promise<Uint8Array> {
  return await sharp(rgb, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}
