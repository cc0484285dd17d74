// Phantoms on one sheet, with real pictures beside them where some are at hand: to see what is still unlike.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { encodeGreyPng } from "../adapters/image/grey-png-encoder.ts";
import { sharpDecoder } from "../adapters/image/sharp-pictures.ts";
import { cropperView } from "../core/cropping/embryo-mask.ts";
import { resample } from "../core/cropping/resample.ts";
import type { GreyImage } from "../core/ports.ts";
import { type PhantomKind, type PhantomOptions, phantomEmbryo, renderFrame } from "../phantom/index.ts";

const USAGE = `Usage: npm run phantom-sheet -- --out FILE.png [--seed 2] [--beside IMAGE ...]
Five rows: good, middling and poor blastocysts at 94, 104, 112 and 118 hpi and at 118 hpi 45 um higher; every other kind; other microscopes.
Pictures named after --beside follow in rows of their own.`;
const TILE = 320;
const COLUMNS = 5;

await main().catch((error: Error) => {
  console.error(`${error.message}\n${USAGE}`);
  process.exitCode = 2;
});

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: "string" },
      seed: { type: "string", default: "2" },
      beside: { type: "string", multiple: true, default: [] },
    },
  });
  if (values.out === undefined) throw new Error("--out is missing.");
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error(`--seed ${values.seed} is no whole number from 0 on.`);
  const real: GreyImage[] = [];
  for (const file of [...values.beside, ...positionals]) {
    real.push((await sharpDecoder.decodeGrey(new Uint8Array(await readFile(file)))).image);
  }
  await mkdir(dirname(values.out), { recursive: true });
  const sheet = await encodeGreyPng(tiled([...phantomTiles(seed), ...real]));
  await writeFile(values.out, sheet);
  console.log(JSON.stringify({ out: values.out, pictures: 5 * COLUMNS + real.length }));
}

function phantomTiles(seed: number): GreyImage[] {
  const drawn = (options: Omit<PhantomOptions, "seed">, hpi: number, planeUm = 0) =>
    renderFrame(phantomEmbryo({ seed, ...options }), hpi, planeUm);
  const growing = [0.93, 0.5, 0.08].flatMap((latent, row) => {
    const options = { index: 11 * row, kind: "blastocyst", latentIcm: latent, latentTe: latent } as const;
    return [...[94, 104, 112, 118].map((hpi) => drawn(options, hpi)), drawn(options, 118, 45)];
  });
  const kinds: [PhantomKind, number][] = [
    ["cleavage", 40],
    ["blastocyst", 30],
    ["blastocyst", 62],
    ["arrested", 115],
    ["empty", 115],
  ];
  const others = kinds.map(([kind, hpi], n) => drawn({ index: 50 + n, kind }, hpi));
  const dishes = Array.from({ length: COLUMNS }, (_, n) =>
    drawn({ index: 70 + n, kind: n === 4 ? "cleavage" : "blastocyst", instrument: "inverted-microscope" }, 116),
  );
  return [...growing, ...others, ...dishes];
}

/** Squares of one size in rows, each picture whole. */
function tiled(pictures: readonly GreyImage[]): GreyImage {
  const width = TILE * COLUMNS;
  const height = TILE * Math.ceil(pictures.length / COLUMNS);
  const pixels = new Uint8Array(width * height);
  pictures.forEach((picture, n) => {
    const tile = resample(picture, cropperView(picture), TILE);
    const [left, top] = [TILE * (n % COLUMNS), TILE * Math.floor(n / COLUMNS)];
    for (let y = 0; y < TILE; y++) pixels.set(tile.subarray(y * TILE, (y + 1) * TILE), (top + y) * width + left);
  });
  return { width, height, pixels };
}
