// Prepares what PyTorch trains on: the cropper's pictures, stills and clips of graded embryos, and outlined tissues.
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { encodeNpy } from "../adapters/archive/npy.ts";
import { encodeNpz } from "../adapters/archive/npz.ts";
import { forbidTelemetry } from "../adapters/config/telemetry.ts";
import { onDisk } from "../adapters/local/folder-failure.ts";
import { CROPPER_SIZE } from "../core/cropping/embryo-mask.ts";
import { isBlastogradeError } from "../core/errors.ts";
import { share, sharesOf, whole } from "./dataset/arguments.ts";
import { prepareBlastocysts } from "./dataset/blastocysts.ts";
import type { CropperPicture } from "./dataset/cropper-picture.ts";
import type { CropperTask } from "./dataset/cropper-worker.ts";
import { prepareEnhancedImages } from "./dataset/enhanced-images.ts";
import { parseMoments } from "./dataset/moments.ts";
import { prepareEmbryos } from "./dataset/prepare-embryos.ts";
import { prepareSegmentation } from "./dataset/prepare-segmentation.ts";
import { writeWhole } from "./dataset/prepared-writer.ts";
import { inShares } from "./dataset/shares.ts";
import { PHANTOMS_FILE, PhantomsFile } from "./dataset/sources/phantoms.ts";
import { USUAL_SHARES } from "./dataset/split.ts";

const USAGE = `Usage:
  npm run prepare-dataset -- cropper --out DIR [--pictures 1200] [--seed 1]
  npm run prepare-dataset -- embryos (--source DIR | --phantoms N --seed S [--first-hpi H]) --out DIR
                             --cropper cropper.onnx [--moments tA:9,tMEB:3,110:3] [--sequences]
                             [--validation-share 0..1] [--test-share 0..1] [--threads N]
  npm run prepare-dataset -- blastocysts --phantoms N --seed S --out DIR --cropper cropper.onnx [--other-microscopes 0..1]
                             [--validation-share 0..1] [--test-share 0..1]
  npm run prepare-dataset -- enhanced --data DIR --segmenter segmenter.onnx [--threads N]
  npm run prepare-dataset -- segmentation --source DIR --out DIR --cropper cropper.onnx [--validation-share 0..1]
                             [--test-share 0..1]
  npm run prepare-dataset -- criterion --out DIR --cropper cropper.onnx [--phantoms 200] [--seed 2] [--threads N]`;

/** 0 when it is done, 1 when it could not be done, 2 when it was asked for wrongly. */
process.exitCode = await main().catch((error: Error) => {
  const isOurs = isBlastogradeError(error);
  console.error(isOurs ? error.message : `${error.message}\n${USAGE}`);
  return isOurs ? 1 : 2;
});

async function main(): Promise<number> {
  const text = { type: "string" } as const;
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      out: text,
      seed: text,
      pictures: { ...text, default: "1200" },
      source: text,
      phantoms: text,
      "first-hpi": text,
      cropper: text,
      data: text,
      segmenter: text,
      moments: { ...text, default: "tA:9" },
      sequences: { type: "boolean", default: false },
      "validation-share": text,
      "test-share": text,
      "other-microscopes": { ...text, default: "0" },
      threads: text,
    },
  });
  const [what] = positionals;
  const { out, cropper } = values;
  if (what === "enhanced") {
    const { data: dir, segmenter, threads } = values;
    if (dir === undefined) throw new Error("--data is missing: a prepared data set with clips");
    if (segmenter === undefined) throw new Error("--segmenter is missing: the path of a segmenter.onnx");
    forbidTelemetry();
    const counts = await prepareEnhancedImages({
      dir,
      segmenter: await networkFile("segmenter", segmenter),
      threads: whole("threads", threads ?? "1"),
      progress: progressLine("embryos"),
    });
    console.log(JSON.stringify({ dir, ...counts }));
    return 0;
  }
  if (out === undefined) throw new Error("--out is missing");
  if (what === "cropper") {
    await mkdir(out, { recursive: true });
    await prepareCropper(out, {
      seed: whole("seed", values.seed ?? "1"),
      pictures: whole("pictures", values.pictures),
    });
    return 0;
  }
  if (what !== "embryos" && what !== "criterion" && what !== "blastocysts" && what !== "segmentation") {
    throw new Error("say what to prepare: cropper, embryos, blastocysts, enhanced, segmentation or criterion");
  }
  if (cropper === undefined) throw new Error("--cropper is missing: the path of a cropper.onnx");
  const shares = sharesOf(values["validation-share"], values["test-share"]);
  const outlined = { out, cropper: await networkFile("cropper", cropper), shares: shares ?? USUAL_SHARES };
  if (what === "blastocysts") {
    const blastocysts = await prepareBlastocysts({
      ...outlined,
      draw: {
        seed: whole("seed", values.seed ?? "1"),
        otherMicroscopes: share("other-microscopes", values["other-microscopes"]),
      },
      blastocysts: whole("phantoms", values.phantoms ?? ""),
      progress: progressLine("blastocysts"),
    });
    console.log(JSON.stringify({ out, blastocysts }));
    return 0;
  }
  if (what === "segmentation") {
    const { source } = values;
    if (source === undefined) throw new Error("--source is missing: a folder with Images, GT_ICM and GT_TE");
    console.log(JSON.stringify(await prepareSegmentation({ ...outlined, source, progress: progressLine("pictures") })));
    return 0;
  }
  const common = {
    out,
    cropper,
    ...(values.threads === undefined ? {} : { threads: whole("threads", values.threads) }),
    progress: progressLine("embryos"),
  };
  if (what === "criterion") {
    const source = await writePhantoms(out, values.phantoms ?? "200", values.seed ?? "2", {
      kinds: ["blastocyst", "arrested"],
    });
    const nothingElse = { moments: {}, sequences: false, evidenceOfAll: true };
    const { embryos } = await prepareEmbryos({ ...common, ...nothingElse, source });
    console.log(JSON.stringify({ out, embryos }));
    return 0;
  }
  if ((values.source === undefined) === (values.phantoms === undefined)) {
    throw new Error("give either --source DIR or --phantoms N --seed S");
  }
  const firstHpi = values["first-hpi"] === undefined ? {} : { firstHpi: Number(values["first-hpi"]) };
  const moments = parseMoments(values.moments);
  const source = values.source ?? (await writePhantoms(out, values.phantoms!, values.seed ?? "1", firstHpi));
  const summary = await prepareEmbryos({
    ...common,
    ...(shares === null ? {} : { shares }),
    source,
    moments,
    sequences: values.sequences,
  });
  console.log(JSON.stringify(summary));
  return 0;
}

async function networkFile(option: string, file: string): Promise<Uint8Array> {
  const bytes = await readFile(file).catch(() => {
    throw new Error(`--${option} ${file} cannot be read`);
  });
  return new Uint8Array(bytes);
}

/** `--phantoms` is short for a source of phantoms; its description lies beside what is prepared from it. */
async function writePhantoms(
  out: string,
  count: string,
  seed: string,
  more: Pick<PhantomsFile, "firstHpi" | "kinds">,
): Promise<string> {
  const embryos = whole("phantoms", count);
  const file = PhantomsFile.parse({ schema: "blastograde/phantoms@1", seed: whole("seed", seed), embryos, ...more });
  await onDisk(out, `take ${PHANTOMS_FILE}`, async () => {
    await mkdir(out, { recursive: true });
    await writeWhole(join(out, PHANTOMS_FILE), `${JSON.stringify(file)}\n`);
  });
  return out;
}

async function prepareCropper(out: string, task: CropperTask): Promise<void> {
  const { pictures: count, seed } = task;
  const plane = CROPPER_SIZE ** 2;
  const images = new Uint8Array(count * 3 * plane);
  const masks = new Uint8Array(count * plane);
  const progress = progressLine("pictures");
  let done = 0;
  await inShares(new URL("./dataset/cropper-worker.ts", import.meta.url), task, (drawn: CropperPicture) => {
    images.set(drawn.picture, drawn.index * 3 * plane);
    masks.set(drawn.mask, drawn.index * plane);
    progress(++done, count);
  });
  // Each picture is of another embryo, so that a split by position is one by embryo: the paper's 80 %, then 10 and 10.
  const split = Uint8Array.from({ length: count }, (_, index) => (index % 10 < 8 ? 0 : index % 10 === 8 ? 1 : 2));
  const npz = encodeNpz({
    "images.npy": encodeNpy(images, [count, 3, CROPPER_SIZE, CROPPER_SIZE]),
    "masks.npy": encodeNpy(masks, [count, CROPPER_SIZE, CROPPER_SIZE]),
    "split.npy": encodeNpy(split, [count]),
  });
  await onDisk(out, "take cropper.npz", () => writeWhole(join(out, "cropper.npz"), npz));
  console.log(JSON.stringify({ out, pictures: count, seed }));
}

function progressLine(what: string): (done: number, of: number) => void {
  const started = Date.now();
  return (done, of) => {
    if (done % Math.ceil(of / 20) !== 0 && done !== of) return;
    console.error(`${done} of ${of} ${what}, ${Math.round((Date.now() - started) / 1000)} s`);
  };
}
