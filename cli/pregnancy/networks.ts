import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Sha256 } from "../../core/contracts/identifiers.ts";
import type { LoadedBundle } from "../../model-container/bundle/load-bundle.ts";
import { FOLDS } from "../dataset/enhanced-images.ts";
import { flatSettings } from "../evaluation/networks.ts";
import type { Settings } from "../evaluation/report.ts";

const LIST = "pregnancy-networks.json";

/** The enhanced image of a still, or the still alone. */
export const INPUTS = ["enhanced", "plain"] as const;
export type NetworkInput = (typeof INPUTS)[number];

const ListedNetwork = z.object({
  network: z.string().regex(/^[a-z0-9-]{1,40}$/, "is no network's name"),
  input: z.enum(INPUTS),
  /** The one that it was not trained on. */
  fold: z
    .int()
    .min(0)
    .max(FOLDS - 1),
  file: z.string().regex(/^[A-Za-z0-9._-]+$/, "is no plain file name"),
  sha256: Sha256,
  /** What it was trained with, for the report. */
  settings: z.record(z.string(), z.unknown()).nullish(),
});

/** `pregnancy-networks.json`, as `export.py pregnancy-networks` writes it. */
const NetworkList = z.object({
  schema: z.literal("blastograde/pregnancy-networks@1"),
  networks: z.array(ListedNetwork).min(1),
});

/** Which pregnancy network this is. */
export interface PregnancyModel {
  /** How the report calls it; networks of one name and input differ in their fold alone. */
  readonly name: string;
  /** The trunk, such as `resnet50`. */
  readonly network: string;
  readonly input: NetworkInput;
  /** The fold that it never saw, 0 to 2. */
  readonly fold: number;
  /** Whether it is the bundle's. */
  readonly served: boolean;
  readonly sha256: string;
  readonly settings: Settings;
}

/** A pregnancy network whose file was found to be what is said of it. */
export interface PregnancyNetwork {
  readonly model: PregnancyModel;
  readonly onnx: Uint8Array;
}

const NAMES: Readonly<Record<string, string>> = { vgg16: "VGG16", resnet50: "ResNet50", densenet121: "DenseNet121" };

/** The bundle's manifest does not name a fold; its network is the one that left out the first. */
const SERVED_FOLD = 0;

/**
 * The networks to report on: those of a folder, and the bundle's own where it has one that is not among them.
 *
 * @param folder with `pregnancy-networks.json`, or null
 * @throws Error with a sentence that names what is missing or wrong
 */
export async function readPregnancyNetworks(folder: string | null, bundle: LoadedBundle): Promise<PregnancyNetwork[]> {
  const listed = folder === null ? [] : await readListed(folder);
  const served = bundle.manifest.networks.pregnancy;
  if (served === undefined) {
    if (folder !== null) return listed;
    throw new Error(
      `The bundle ${bundle.dir} has no pregnancy network, and --networks was not given: name a folder with ${LIST}, as ` +
        "`export.py pregnancy-networks` writes it.",
    );
  }
  const { file, sha256, input, architecture } = served;
  if (listed.some(({ model }) => model.sha256 === sha256)) {
    return listed.map(({ model, onnx }) => ({ model: { ...model, served: model.sha256 === sha256 }, onnx }));
  }
  const name = `${nameOf(architecture)}, the bundle's`;
  const model = { name, network: architecture, input, fold: SERVED_FOLD, served: true, sha256, settings: {} };
  return [...listed, { model, onnx: await readWhole(bundle.dir, file, sha256) }];
}

/**
 * The segmenter's bytes: those of a file, or the bundle's.
 *
 * @throws Error with a sentence where there is neither
 */
export async function readTissueSegmenter(file: string | null, bundle: LoadedBundle): Promise<Uint8Array> {
  if (file !== null) return await readWhole("", file, null);
  const served = bundle.manifest.networks.segmenter;
  if (served === undefined) {
    throw new Error(`The bundle ${bundle.dir} has no segmenter of ICM and TE: name a segmenter.onnx with --segmenter.`);
  }
  return await readWhole(bundle.dir, served.file, served.sha256);
}

const nameOf = (network: string): string => NAMES[network] ?? network;

async function readListed(folder: string): Promise<PregnancyNetwork[]> {
  const list = await readList(folder);
  refuseIncomplete(folder, list.networks);
  return await Promise.all(
    list.networks.map(async ({ network, input, fold, file, sha256, settings }) => ({
      model: {
        name: nameOf(network),
        network,
        input,
        fold,
        served: false,
        sha256,
        settings: flatSettings(settings ?? {}),
      },
      onnx: await readWhole(folder, file, sha256),
    })),
  );
}

async function readList(folder: string): Promise<z.infer<typeof NetworkList>> {
  const text = new TextDecoder().decode(await readWhole(folder, LIST, null));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${LIST} of ${folder} is not JSON.`, { cause });
  }
  const parsed = NetworkList.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new Error(`${LIST} of ${folder} breaks its schema: ${z.prettifyError(parsed.error)}`, { cause: parsed.error });
}

/** Means over folds of which one is missing, or counts twice, would be of other embryos than the next network's. */
function refuseIncomplete(folder: string, networks: readonly z.infer<typeof ListedNetwork>[]): void {
  for (const [name, own] of Map.groupBy(networks, ({ network, input }) => `${network}, ${input}`)) {
    for (let fold = 0; fold < FOLDS; fold++) {
      const count = own.filter((one) => one.fold === fold).length;
      if (count === 1) continue;
      const what = count === 0 ? `has no fold ${fold}` : `has fold ${fold} ${count} times`;
      throw new Error(`${LIST} of ${folder}: ${name} ${what}; wanted each of the ${FOLDS} folds once.`);
    }
  }
}

async function readWhole(folder: string, file: string, sha256: string | null): Promise<Uint8Array> {
  const path = join(folder, file);
  const bytes = new Uint8Array(
    await readFile(path).catch((cause) => {
      throw new Error(`${path} cannot be read.`, { cause });
    }),
  );
  const found = createHash("sha256").update(bytes).digest("hex");
  if (sha256 === null || found === sha256) return bytes;
  throw new Error(`${path} has the SHA-256 ${found}, not ${sha256} as is said of it. Export it again.`);
}
