// Prepares what PyTorch trains on, from phantoms: the cropper's pictures, then the stills and clips of graded embryos.
import { mkdir, open, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { encodeNpy, npyHeader } from "../adapters/archive/npy.ts";
import { encodeNpz } from "../adapters/archive/npz.ts";
import { CLIP_SIZE } from "../core/contracts/clip.ts";
import { CROPPER_SIZE } from "../core/cropping/embryo-mask.ts";
import { type PhantomEmbryo, phantomEmbryo } from "../phantom/index.ts";
import type { CropperPicture, CropperTask } from "./dataset/cropper-worker.ts";
import type { PreparedEmbryo, SequenceTask } from "./dataset/sequence-worker.ts";
import { inShares } from "./dataset/shares.ts";
import { SPLITS, splitOfCycle } from "./dataset/split.ts";
import { STILL_VARIANTS } from "./dataset/variants.ts";

const USAGE = `Usage:
  npm run prepare-dataset -- cropper --out DIR [--pictures 1200] [--seed 1]
  npm run prepare-dataset -- stills --out DIR --cropper cropper.onnx [--embryos 400] [--seed 4]
  npm run prepare-dataset -- sequences --out DIR --cropper cropper.onnx [--embryos 400] [--seed 1]
  npm run prepare-dataset -- criterion --out DIR --cropper cropper.onnx [--embryos 200] [--seed 2]`;
const STILLS_BYTES = STILL_VARIANTS * 3 * CLIP_SIZE ** 2;

try {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: "string" },
      seed: { type: "string", default: "1" },
      pictures: { type: "string", default: "1200" },
      embryos: { type: "string", default: "400" },
      cropper: { type: "string" },
    },
  });
  const [what] = positionals;
  if (values.out === undefined) throw new Error("--out is missing");
  await mkdir(values.out, { recursive: true });
  const seed = whole("seed", values.seed);
  if (what === "cropper") await prepareCropper(values.out, { seed, pictures: whole("pictures", values.pictures) });
  else if ((what === "stills" || what === "sequences" || what === "criterion") && values.cropper !== undefined) {
    const cropper = new Uint8Array(await readFile(values.cropper));
    const task = { seed, embryos: whole("embryos", values.embryos), out: values.out, cropper };
    if (what === "criterion") await prepareCriterion({ ...task, purpose: what });
    else await prepareGraded({ ...task, purpose: what });
  } else throw new Error("say what to prepare, and with which cropper");
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  process.exitCode = 2;
}

async function prepareCropper(out: string, task: CropperTask): Promise<void> {
  const { pictures: count, seed } = task;
  const plane = CROPPER_SIZE ** 2;
  const images = new Uint8Array(count * 3 * plane);
  const masks = new Uint8Array(count * plane);
  const progress = progressLine("pictures", count);
  await inShares(new URL("./dataset/cropper-worker.ts", import.meta.url), task, (drawn: CropperPicture) => {
    images.set(drawn.picture, drawn.index * 3 * plane);
    masks.set(drawn.mask, drawn.index * plane);
    progress();
  });
  // Each picture is of another embryo, so that a split by position is one by embryo: the paper's 80 %, then 10 and 10.
  const split = Uint8Array.from({ length: count }, (_, index) => (index % 10 < 8 ? 0 : index % 10 === 8 ? 1 : 2));
  const npz = encodeNpz({
    "images.npy": encodeNpy(images, [count, 3, CROPPER_SIZE, CROPPER_SIZE]),
    "masks.npy": encodeNpy(masks, [count, CROPPER_SIZE, CROPPER_SIZE]),
    "split.npy": encodeNpy(split, [count]),
  });
  await writeWhole(join(out, "cropper.npz"), npz);
  console.log(JSON.stringify({ out, pictures: count, seed }));
}

/** Embryos with votes: `stills.npy`, `embryos.csv`, and for the RNN a clip each. */
async function prepareGraded(task: SequenceTask): Promise<void> {
  await mkdir(join(task.out, "clips"), { recursive: true });
  const graded = Array.from({ length: task.embryos }, (_, index) => phantomEmbryo({ seed: task.seed, index })).filter(
    ({ icmVotes }) => icmVotes.length > 0,
  );
  const rowOf = new Map(graded.map(({ embryoId }, row) => [embryoId, row]));
  const stills = await open(join(task.out, "stills.npy"), "w");
  const header = npyHeader("|u1", [graded.length, STILL_VARIANTS, 3, CLIP_SIZE, CLIP_SIZE]);
  await stills.write(header, 0, header.length, 0);

  const progress = progressLine("embryos", task.embryos);
  const writes: Promise<unknown>[] = [];
  await inShares(new URL("./dataset/sequence-worker.ts", import.meta.url), task, (prepared: PreparedEmbryo) => {
    const { embryo } = prepared;
    if (prepared.stills !== null) {
      const position = header.length + rowOf.get(embryo.embryoId)! * STILLS_BYTES;
      writes.push(stills.write(prepared.stills, 0, STILLS_BYTES, position));
    }
    progress();
  });
  await Promise.all(writes);
  await stills.close();

  const embryosHeader = "embryo_id,cycle_id,split,icm,te,icm_votes,te_votes\n";
  await writeWhole(
    join(task.out, "embryos.csv"),
    embryosHeader + graded.map((embryo) => embryoLine(task.seed, embryo)).join(""),
  );
  const counts = SPLITS.map((split) => [
    split,
    graded.filter(({ cycleId }) => splitOfCycle(task.seed, cycleId) === split).length,
  ]);
  console.log(JSON.stringify({ out: task.out, embryos: task.embryos, ...Object.fromEntries(counts) }));
}

/** What the blastocyst criterion is chosen and measured on. */
async function prepareCriterion(task: SequenceTask): Promise<void> {
  const progress = progressLine("embryos", task.embryos);
  const evidence: string[] = [];
  await inShares(new URL("./dataset/sequence-worker.ts", import.meta.url), task, (prepared: PreparedEmbryo) => {
    evidence.push(evidenceLine(task.seed, prepared));
    progress();
  });
  await writeEvidence(task.out, evidence);
  console.log(JSON.stringify({ out: task.out, embryos: task.embryos, seed: task.seed }));
}

async function writeEvidence(out: string, lines: string[]): Promise<void> {
  const header = "embryo_id,kind,split,instrument,field_fraction,growth,centre_contrast\n";
  await writeWhole(join(out, "evidence.csv"), header + lines.sort().join(""));
}

/** A file that is there is whole: a run that was killed leaves none that looks done. */
async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${file}.unfinished`, content);
  await rename(`${file}.unfinished`, file);
}

/** One training label: one of the five annotators', as a clinic has it. */
function embryoLine(seed: number, embryo: PhantomEmbryo): string {
  const { embryoId, cycleId, index, icmVotes, teVotes } = embryo;
  const annotator = index % icmVotes.length;
  const labels = [icmVotes[annotator], teVotes[annotator], icmVotes.join(""), teVotes.join("")];
  return `${[embryoId, cycleId, splitOfCycle(seed, cycleId), ...labels].join(",")}\n`;
}

function evidenceLine(seed: number, { embryo, evidence }: PreparedEmbryo): string {
  const { embryoId, kind, cycleId, instrument } = embryo;
  const values = evidence === null ? ["", "", ""] : [evidence.fieldFraction, evidence.growth, evidence.centreContrast];
  return `${[embryoId, kind, splitOfCycle(seed, cycleId), instrument, ...values].join(",")}\n`;
}

function progressLine(what: string, count: number): () => void {
  const started = Date.now();
  let done = 0;
  return () => {
    done++;
    if (done % Math.ceil(count / 20) !== 0 && done !== count) return;
    console.error(`${done} of ${count} ${what}, ${Math.round((Date.now() - started) / 1000)} s`);
  };
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name} wants a whole number from 1 on, not ${text}`);
  return value;
}
