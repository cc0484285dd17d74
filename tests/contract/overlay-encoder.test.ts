import { describe, expect, it } from "vitest";
import { webpOverlayEncoder } from "../../adapters/image/overlay-encoder.ts";

const pink = (pixels: number) => Uint8Array.from({ length: 3 * pixels }, (_, p) => [250, 90, 160][p % 3]!);

describe("the encoder of explanations", () => {
  it("makes WebP, the same bytes of the same picture", async () => {
    const image = { width: 16, height: 8, rgb: pink(16 * 8) };

    const [one, again] = [await webpOverlayEncoder.encodeOverlay(image), await webpOverlayEncoder.encodeOverlay(image)];

    expect(Buffer.from(one.subarray(8, 12)).toString("latin1")).toBe("WEBP");
    expect(again).toEqual(one);
  });

  it("says by a code of its own that a picture could not be encoded", async () => {
    const torn = { width: 16, height: 8, rgb: pink(5) };

    const encoding = webpOverlayEncoder.encodeOverlay(torn);

    await expect(encoding).rejects.toMatchObject({ code: "EXPLANATION_NOT_DRAWN", retryable: false });
  });
});
