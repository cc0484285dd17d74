import type { PhantomEmbryo } from "./embryo.ts";
import { INSTRUMENTS } from "./instruments.ts";
import { RandomStream } from "./random.ts";

/** Share of cycles whose pictures were exported with well and time burned in. */
const LABELLED_SHARE = 0.4;
/** Share of a dish's pictures with a scale bar. */
const SCALE_BAR_SHARE = 0.3;
/** Rows of five pixels, one hexadecimal pair per row, highest bit left. */
const GLYPHS: Readonly<Record<string, string>> = {
  "0": "0e11131519110e",
  "1": "040c040404040e",
  "2": "0e11010204081f",
  "3": "1f02040201110e",
  "4": "02060a121f0202",
  "5": "1f101e0101110e",
  "6": "0608101e11110e",
  "7": "1f010204080808",
  "8": "0e11110e11110e",
  "9": "0e11110f01020c",
  ".": "00000000000c0c",
  " ": "00000000000000",
  W: "11111115151b11",
  e: "00000e111f100e",
  l: "0c04040404040e",
  h: "10101619111111",
};
const GLYPH_WIDTH = 5;
const GLYPH_HEIGHT = 7;
const PAPER = 250;
const INK = 10;

/** Burns "Well 4" and "36.5 h" into the lower corners, as exports of real instruments have them; not in every cycle. */
export function burnIn(pixels: Uint8Array, size: number, embryo: PhantomEmbryo, hpi: number): void {
  if (embryo.instrument === "inverted-microscope") return;
  if (new RandomStream(embryo.cycleId, "labels").next() >= LABELLED_SHARE) return;
  const dot = Math.max(1, Math.round(size / 450));
  const margin = 8 * dot;
  const time = `${hpi.toFixed(1)} h`;
  const top = size - margin - boxHeight(dot);
  stamp(pixels, size, `Well ${(embryo.index % 12) + 1}`, margin, top, dot);
  stamp(pixels, size, time, size - margin - boxWidth(time, dot), top, dot);
}

/** Draws a scale bar, and letters that nobody has to read, into a corner of a dish's picture; not into every one. */
export function burnInScaleBar(levels: Float32Array, embryo: PhantomEmbryo): void {
  const random = new RandomStream(embryo.seed, embryo.index, "scale bar");
  if (random.next() >= SCALE_BAR_SHARE) return;
  const { size } = INSTRUMENTS[embryo.instrument];
  const length = Math.round(size * random.between(0.1, 0.35));
  const left = Math.round(random.next() < 0.5 ? size * 0.03 : size * 0.97 - length);
  const top = Math.round(size * (random.next() < 0.5 ? 0.05 : 0.95));
  const thick = random.whole(1, 5);
  const ink = random.next() < 0.5 ? random.between(0, 40) : random.between(190, 255);
  const glyphs = Object.keys(GLYPHS);
  const text = Array.from({ length: 5 }, () => glyphs[random.whole(0, glyphs.length - 1)]).join("");
  for (let y = -GLYPH_HEIGHT - 3; y < thick; y++) {
    for (let x = 0; x < length; x++) {
      if (y >= 0 || inked(text, x - 2, y + GLYPH_HEIGHT + 3)) levels[(top + y) * size + left + x] = ink;
    }
  }
}

function boxWidth(text: string, dot: number): number {
  return (text.length * (GLYPH_WIDTH + 1) + 3) * dot;
}

function boxHeight(dot: number): number {
  return (GLYPH_HEIGHT + 4) * dot;
}

function stamp(pixels: Uint8Array, size: number, text: string, left: number, top: number, dot: number): void {
  for (let y = 0; y < boxHeight(dot); y++) {
    for (let x = 0; x < boxWidth(text, dot); x++) {
      const column = Math.floor(x / dot) - 2;
      const row = Math.floor(y / dot) - 2;
      pixels[(top + y) * size + left + x] = inked(text, column, row) ? INK : PAPER;
    }
  }
}

function inked(text: string, column: number, row: number): boolean {
  const glyph = GLYPHS[text[Math.floor(column / (GLYPH_WIDTH + 1))] ?? " "];
  const bit = column % (GLYPH_WIDTH + 1);
  if (!glyph || column < 0 || row < 0 || row >= GLYPH_HEIGHT || bit === GLYPH_WIDTH) return false;
  return ((Number.parseInt(glyph.slice(2 * row, 2 * row + 2), 16) >> (GLYPH_WIDTH - 1 - bit)) & 1) === 1;
}
