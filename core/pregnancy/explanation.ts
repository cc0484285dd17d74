import { CLIP_SIZE } from "../contracts/clip.ts";
import type { PregnancyPrediction } from "../contracts/prediction.ts";
import { resample } from "../cropping/resample.ts";
import type { ColourImage } from "../ports.ts";
import { upsampleAttention } from "./focus.ts";
import { decodeRuns } from "./run-lengths.ts";

/** Whole pixels of the picture for each of the still: large enough to see an outline by. */
const SCALE = 2;
export const EXPLANATION_SIZE = SCALE * CLIP_SIZE;

type Colour = readonly [red: number, green: number, blue: number];

/** Yellow and sky blue of Okabe and Ito's palette, which are told apart whatever kind of colour-blind one is. */
export const OUTLINE_COLOURS: { readonly icm: Colour; readonly te: Colour } = {
  icm: [240, 228, 66],
  te: [86, 180, 233],
};

/** From little to much attention: lightness rises all the way, so that the order can be seen without the hue. */
const ATTENTION_COLOURS: readonly Colour[] = [
  [60, 0, 70],
  [130, 0, 110],
  [205, 20, 130],
  [250, 90, 160],
  [255, 170, 205],
];
/** Where the most attention is; elsewhere less in proportion, so that the embryo is never hidden. */
const ATTENTION_OPACITY = 0.55;
/** Beside an outline, so that it can be seen on bright cells too. */
const SHADOW = 0.45;

/**
 * The picture that explains a pregnancy score: the still, over it in pink where the network looked, and the outlines of what
 * it took for ICM (yellow) and TE (blue).
 *
 * The colours say where it looked more and where less, not how strongly one embryo's score rests on it beside another's:
 * each map's own maximum is the pinkest. A map that is zero everywhere leaves the still as it is.
 *
 * @param still uint8 [224, 224]
 * @returns 448 x 448
 * @throws PredictionInvalid for masks that do not fill the picture
 */
export function explanation(
  still: Uint8Array,
  { attention, firstCellPx, masks }: Pick<PregnancyPrediction, "attention" | "firstCellPx" | "masks">,
): ColourImage {
  const size = EXPLANATION_SIZE;
  const window = { left: 0, top: 0, size: CLIP_SIZE };
  const grey = resample({ width: CLIP_SIZE, height: CLIP_SIZE, pixels: still }, window, size);
  const map = upsampleAttention(attention, firstCellPx, size);
  const most = map.reduce((highest, value) => Math.max(highest, value), 0);
  const outlines = { icm: outline(decodeRuns(masks.icm)), te: outline(decodeRuns(masks.te)) };
  const shadow = around(outlines.icm, outlines.te);

  const rgb = new Uint8Array(3 * size * size);
  for (const [pixel, value] of grey.entries()) {
    const strength = most === 0 ? 0 : map[pixel]! / most;
    const colour = attentionColour(strength);
    const line = outlines.icm[pixel] ? OUTLINE_COLOURS.icm : outlines.te[pixel] ? OUTLINE_COLOURS.te : null;
    for (let channel = 0; channel < 3; channel++) {
      const tinted = value + ATTENTION_OPACITY * strength * (colour[channel]! - value);
      rgb[3 * pixel + channel] = line?.[channel] ?? Math.round(shadow[pixel] ? SHADOW * tinted : tinted);
    }
  }
  return { width: size, height: size, rgb };
}

function attentionColour(strength: number): Colour {
  const place = strength * (ATTENTION_COLOURS.length - 1);
  const from = Math.min(Math.floor(place), ATTENTION_COLOURS.length - 2);
  const [low, high] = [ATTENTION_COLOURS[from]!, ATTENTION_COLOURS[from + 1]!];
  const mixed = (channel: 0 | 1 | 2) => low[channel] + (place - from) * (high[channel] - low[channel]);
  return [mixed(0), mixed(1), mixed(2)];
}

/** The mask's own pixels that have one outside beside them, or the picture's edge, at the picture's size. */
function outline(mask: Uint8Array): Uint8Array {
  const line = new Uint8Array(EXPLANATION_SIZE ** 2);
  const inside = (x: number, y: number) =>
    x >= 0 && x < CLIP_SIZE && y >= 0 && y < CLIP_SIZE && mask[y * CLIP_SIZE + x] === 1;
  for (let y = 0; y < CLIP_SIZE; y++) {
    for (let x = 0; x < CLIP_SIZE; x++) {
      const isWithin = inside(x - 1, y) && inside(x + 1, y) && inside(x, y - 1) && inside(x, y + 1);
      if (!inside(x, y) || isWithin) continue;
      for (let row = SCALE * y; row < SCALE * (y + 1); row++) {
        const start = row * EXPLANATION_SIZE + SCALE * x;
        line.fill(1, start, start + SCALE);
      }
    }
  }
  return line;
}

/** The pixels beside those of either line. */
function around(one: Uint8Array, other: Uint8Array): Uint8Array {
  const beside = new Uint8Array(one.length);
  for (let pixel = 0; pixel < one.length; pixel++) {
    if (!one[pixel] && !other[pixel]) continue;
    // Past the picture's sides this marks a pixel of the next row, which is at its other edge and does no harm.
    for (const step of [-1, 1, -EXPLANATION_SIZE, EXPLANATION_SIZE]) {
      const neighbour = pixel + step;
      if (neighbour >= 0 && neighbour < one.length) beside[neighbour] = 1;
    }
  }
  return beside;
}
