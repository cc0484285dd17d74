import type { GreyImage } from "../../core/ports.ts";
import { sharp } from "./libvips.ts";

/** Encodes a grey picture as an 8-bit, one-channel PNG; the same pixels give the same bytes. */
export async function encodeGreyPng({ width, height, pixels }: GreyImage): Promise<Uint8Array> {
  return await sharp(pixels, { raw: { width, height, channels: 1 } })
    .toColourspace("b-w")
    .png({ compressionLevel: 6, palette: false })
    .toBuffer();
}
