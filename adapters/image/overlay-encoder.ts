import { ExplanationNotDrawn } from "../../core/errors.ts";
import type { OverlayEncoder } from "../../core/ports.ts";
import { sharp } from "./libvips.ts";

/** Thin coloured lines smear at less. */
const QUALITY = 90;

/** Makes the lossy WebP of an explanation; the same pixels give the same bytes. */
export const webpOverlayEncoder: OverlayEncoder = {
  async encodeOverlay({ width, height, rgb }) {
    try {
      return await sharp(rgb, { raw: { width, height, channels: 3 } })
        .webp({ quality: QUALITY, smartSubsample: true })
        .toBuffer();
    } catch (cause) {
      throw new ExplanationNotDrawn("The picture of where the network looked could not be encoded.", { cause });
    }
  },
};
