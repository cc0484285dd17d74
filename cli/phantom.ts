import { mkdir, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeArchive } from "../adapters/archive/zip-writer.ts";
import { encodeGreyPng } from "../adapters/image/grey-png-encoder.ts";
import {
  archiveEntries,
  INSTRUMENTS,
  type InstrumentName,
  type PhantomEmbryo,
  type PhantomOptions,
  phantomEmbryo,
  renderMasks,
} from "../phantom/index.ts";

const USAGE = `usage: npm run phantom -- --out DIR --embryos N --seed S
         [--instrument embryoscope|embryoscope-plus] [--first-hpi 85] [--last-hpi 125] [--spacing-minutes M]

Writes N synthetic time-lapse archives (DIR/<embryoId>.zip), their truth (DIR/labels.csv) and hourly masks of the embryo
(DIR/masks/<embryoId>_<hpi>.png). The same arguments give the same bytes.`;

const FIRST_MASK_HPI = 90;
// The columns that a data set of archives has (docs/datasets.md), and the truth, which its reader passes over.
const LABELS =
  "embryo_id,cycle_id,clinic,kind,age_years,instrument,latent_icm,latent_te,t_meb_hpi,t_a_hpi,icm,te,icm_votes,te_votes,outcome";

class BadArguments extends Error {}

interface Arguments {
  readonly out: string;
  readonly embryos: number;
  readonly options: Omit<PhantomOptions, "index">;
}

function readArguments(args: string[]): Arguments {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: {
      out: text,
      embryos: text,
      seed: text,
      instrument: text,
      "first-hpi": text,
      "last-hpi": text,
      "spacing-minutes": text,
    },
  });
  if (!values.out) throw new BadArguments("--out DIR is missing");
  const instrument = values.instrument;
  if (instrument !== undefined && !isInstrument(instrument)) {
    throw new BadArguments(`--instrument ${instrument}: known are ${Object.keys(INSTRUMENTS).join(", ")}`);
  }
  const spacing = values["spacing-minutes"];
  return {
    out: values.out,
    embryos: wholeNumber("--embryos", values.embryos, 1),
    options: {
      seed: wholeNumber("--seed", values.seed, 0),
      ...(instrument === undefined ? {} : { instrument }),
      firstHpi: numberOf("--first-hpi", values["first-hpi"] ?? "85"),
      lastHpi: numberOf("--last-hpi", values["last-hpi"] ?? "125"),
      ...(spacing === undefined ? {} : { spacingMinutes: numberOf("--spacing-minutes", spacing) }),
    },
  };
}

function isInstrument(name: string): name is InstrumentName {
  return Object.hasOwn(INSTRUMENTS, name);
}

function wholeNumber(option: string, value: string | undefined, least: number): number {
  if (value === undefined) throw new BadArguments(`${option} is missing`);
  const number = numberOf(option, value);
  if (!Number.isSafeInteger(number) || number < least) {
    throw new BadArguments(`${option} ${value}: wanted a whole number from ${least} on`);
  }
  return number;
}

function numberOf(option: string, value: string): number {
  const number = Number(value);
  if (value.trim() === "" || !Number.isFinite(number)) throw new BadArguments(`${option} ${value}: wanted a number`);
  return number;
}

async function writeMasks(folder: string, embryo: PhantomEmbryo): Promise<void> {
  const { size } = INSTRUMENTS[embryo.instrument];
  const [first, last] = [embryo.captureHpi[0]!, embryo.captureHpi.at(-1)!];
  for (let hpi = Math.max(FIRST_MASK_HPI, Math.ceil(first)); hpi <= last; hpi++) {
    const pixels = renderMasks(embryo, hpi).embryo.map((inside) => inside * 255);
    await writeFile(
      join(folder, `${embryo.embryoId}_${hpi}.png`),
      await encodeGreyPng({ width: size, height: size, pixels }),
    );
  }
}

function labelsRow(embryo: PhantomEmbryo): string {
  return [
    embryo.embryoId,
    embryo.cycleId,
    embryo.clinicId,
    embryo.kind,
    embryo.ageYears,
    embryo.instrument,
    embryo.latentIcm.toFixed(4),
    embryo.latentTe.toFixed(4),
    embryo.tMebHpi.toFixed(2),
    embryo.tAHpi.toFixed(2),
    // One annotator's word, as in training; blank where there is no blastocyst to grade.
    embryo.icmLabel ?? "",
    embryo.teLabel ?? "",
    embryo.icmVotes.join(""),
    embryo.teVotes.join(""),
    embryo.outcome ?? "",
  ].join(",");
}

async function main(): Promise<void> {
  const { out, embryos: count, options } = readArguments(process.argv.slice(2));
  const embryos = Array.from({ length: count }, (_, index) => phantomEmbryo({ ...options, index }));
  const masks = join(out, "masks");
  await mkdir(masks, { recursive: true });
  let bytes = 0;
  for (const [index, embryo] of embryos.entries()) {
    const archive = join(out, `${embryo.embryoId}.zip`);
    await writeArchive(archive, archiveEntries(embryo));
    await writeMasks(masks, embryo);
    bytes += (await stat(archive)).size;
    process.stderr.write(`${index + 1}/${count} ${embryo.embryoId} ${embryo.kind}\n`);
  }
  // Last and at once: whoever finds the labels finds every archive they name.
  const labels = join(out, "labels.csv");
  await writeFile(`${labels}.unfinished`, `${[LABELS, ...embryos.map(labelsRow)].join("\n")}\n`);
  await rename(`${labels}.unfinished`, labels);
  console.log(JSON.stringify({ out, embryos: count, archives: embryos.length, bytes }));
}

try {
  await main();
} catch (error) {
  const code = (error as { code?: unknown }).code;
  const badArguments =
    error instanceof BadArguments ||
    error instanceof RangeError ||
    (typeof code === "string" && code.startsWith("ERR_PARSE_ARGS"));
  if (!badArguments) throw error;
  process.stderr.write(`${(error as Error).message}\n\n${USAGE}\n`);
  process.exitCode = 2;
}
