// The cropper on single pictures, to look at: an overlay and a JSON line for each.
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { parseArgs } from "node:util";
import { readLocalConfig } from "../adapters/config/local-config.ts";
import { forbidTelemetry } from "../adapters/config/telemetry.ts";
import { encodeRgbPng } from "../adapters/image/png-encoder.ts";
import { sharpDecoder } from "../adapters/image/sharp-pictures.ts";
import { openSegmenter } from "../adapters/onnx/segmenter.ts";
import { DEMO_NOTICE } from "../core/contracts/bundle.ts";
import { type EmbryoMask, isInMask } from "../core/cropping/embryo-mask.ts";
import { findEmbryo, type Look, lookWarnings } from "../core/cropping/look.ts";
import { diceCoefficient, filledUnion } from "../core/cropping/truth-mask.ts";
import { isBlastogradeError } from "../core/errors.ts";
import type { GreyImage } from "../core/ports.ts";
import { loadBundle, readNetwork } from "../model-container/bundle/load-bundle.ts";

const USAGE = `Usage: npm run crop -- IMAGE [IMAGE ...] --out DIR
Where IMAGE_icm_mask, IMAGE_te_mask and IMAGE_zp_mask (white on black, the extension the same) lie beside an image, the line has
the Dice coefficient of the embryo found with the three and what they enclose.`;
const PARTS = ["icm", "te", "zp"];
const OUTLINE = [255, 210, 0];
const WINDOW = [0, 220, 255];

/** 0 when every picture could be read, 2 otherwise. */
process.exitCode = await main().catch((error: Error) => {
  console.error(`${error.message}\n${USAGE}`);
  return 2;
});

async function main(): Promise<number> {
  const { positionals: files, values } = parseArgs({ allowPositionals: true, options: { out: { type: "string" } } });
  if (files.length === 0) throw new Error("No picture was named.");
  if (values.out === undefined) throw new Error("--out is missing.");
  forbidTelemetry();
  await mkdir(values.out, { recursive: true });
  const bundle = await loadBundle(readLocalConfig().modelBundle);
  if (bundle.manifest.demo) console.error(DEMO_NOTICE);
  const { sha256 } = bundle.manifest.networks.cropper;
  const segmenter = await openSegmenter(await readNetwork(bundle, "cropper"), { sha256, threads: 1 });
  const overlays = new Set<string>();
  let exitCode = 0;
  for (const file of files) {
    try {
      const { image, warnings } = await sharpDecoder.decodeGrey(new Uint8Array(await readFile(file)));
      // A single picture stands in for all three planes.
      const look = await findEmbryo([image, image, image], segmenter);
      for (const { code, detail } of [...warnings, ...lookWarnings(look)]) console.error(`${file}: ${code} ${detail}`);
      const overlay = overlayName(file, overlays);
      overlays.add(overlay);
      await writeFile(join(values.out, overlay), await drawOverlay(image, look));
      const truth = await outlinedEmbryo(file, image);
      const dice = truth && { dice: Math.round(diceCoefficient(truth, pixelsOf(look.mask, image)) * 1e4) / 1e4 };
      console.log(JSON.stringify({ file, ...described(look), ...dice }));
    } catch (error) {
      exitCode = 2;
      const code = isBlastogradeError(error) ? error.code : "FILE_UNREADABLE";
      const detail = error instanceof Error ? error.message : String(error);
      console.log(JSON.stringify({ file, error: { code, detail } }));
    }
  }
  await segmenter.close();
  return exitCode;
}

/** Such as `x-overlay.png`, so that `--out` may be the pictures' own folder; numbered from the second `x` on. */
function overlayName(file: string, taken: ReadonlySet<string>): string {
  const name = `${basename(file, extname(file))}-overlay`;
  let free = `${name}.png`;
  for (let count = 2; taken.has(free); count++) free = `${name}-${count}.png`;
  return free;
}

/** The embryo as somebody outlined its parts. @returns null where the three masks do not lie beside the picture */
async function outlinedEmbryo(file: string, { width, height }: GreyImage): Promise<Uint8Array | null> {
  const extension = extname(file);
  const masks = PARTS.map((part) => join(dirname(file), `${basename(file, extension)}_${part}_mask${extension}`));
  if (!masks.every((mask) => existsSync(mask))) return null;
  const parts: Uint8Array[] = [];
  for (const mask of masks) {
    const { image } = await sharpDecoder.decodeGrey(new Uint8Array(await readFile(mask)));
    if (image.width !== width || image.height !== height) {
      throw new Error(`${mask} is ${image.width} x ${image.height}, and its picture ${width} x ${height}.`);
    }
    parts.push(image.pixels.map((grey) => (grey > 127 ? 1 : 0)));
  }
  return filledUnion(parts, width, height);
}

function pixelsOf(mask: EmbryoMask | null, { width, height }: GreyImage): Uint8Array {
  const isIn = (p: number) => mask !== null && isInMask(mask, p % width, Math.floor(p / width));
  return Uint8Array.from({ length: width * height }, (_, p) => (isIn(p) ? 1 : 0));
}

function described({ mask, window }: Look) {
  if (mask === null || window === null) return { embryo: false, centre: null, areaFraction: 0, window: null };
  const { left, top, size } = window;
  return {
    embryo: true,
    centre: [round(mask.centre.x), round(mask.centre.y)],
    areaFraction: Math.round(mask.areaFraction * 1e4) / 1e4,
    window: { left, top, size },
  };
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

/** The picture with the mask's outline and the crop window, as PNG. */
async function drawOverlay(image: GreyImage, { mask, window }: Look): Promise<Uint8Array> {
  const { width, height, pixels } = image;
  const rgb = new Uint8Array(3 * width * height);
  pixels.forEach((grey, p) => {
    rgb.fill(grey, 3 * p, 3 * p + 3);
  });
  const paint = (x: number, y: number, colour: number[]) => {
    if (x >= 0 && x < width && y >= 0 && y < height) rgb.set(colour, 3 * (y * width + x));
  };
  if (mask) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const isIn = isInMask(mask, x, y);
        if (isIn !== isInMask(mask, x + 1, y) || isIn !== isInMask(mask, x, y + 1)) paint(x, y, OUTLINE);
      }
    }
  }
  if (window) {
    for (let along = 0; along < window.size; along++) {
      for (const edge of [0, window.size - 1]) {
        paint(window.left + along, window.top + edge, WINDOW);
        paint(window.left + edge, window.top + along, WINDOW);
      }
    }
  }
  return encodeRgbPng(width, height, rgb);
}
