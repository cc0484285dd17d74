import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { Sha256 } from "../../core/contracts/identifiers.ts";
import type { Settings } from "./report.ts";
import type { EvaluatedModel } from "./subject.ts";

const FileName = z.string().regex(/^[A-Za-z0-9._-]+$/, "is no plain file name");
const ONE_SETTING = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const Network = z.object({
  name: z.string().min(1).max(120),
  /** Tables of the paper that the network belongs to. */
  table: z.array(z.string()),
  kind: z.enum(["cnn", "rnn"]),
  moment: z.string().nullish(),
  task: z.enum(["both", "icm", "te"]),
  loss: z.enum(["ordinal", "categorical", "linear", "binary"]).default("ordinal"),
  file: FileName,
  sha256: Sha256,
  /** The CNN whose features an RNN takes. */
  cnnFile: FileName.nullish(),
  cnnSha256: Sha256.nullish(),
  withoutClinic: z.string().nullish(),
  /** What it was trained with, for the report; nested values are left out. */
  settings: z.record(z.string(), z.unknown()).nullish(),
});

/** `networks.json`, as `export.py networks` writes it. */
const Networks = z.object({ schema: z.literal("blastograde/networks@1"), networks: z.array(Network).min(1) });

/** An exported comparison network whose file was found to be what the list says. */
export interface ComparisonNetwork {
  readonly model: EvaluatedModel;
  readonly sha256: string;
  readonly onnx: Uint8Array;
  /** The CNN of an RNN, null for a CNN. */
  readonly features: { readonly file: string; readonly onnx: Uint8Array } | null;
  readonly settings: Settings;
}

/**
 * Reads a folder of exported comparison networks and verifies every digest.
 *
 * @throws Error with a sentence that names the file
 */
export async function readNetworks(folder: string): Promise<ComparisonNetwork[]> {
  const { networks } = await readList(folder);
  const files = new Map<string, Uint8Array>();
  const read = async (file: string, sha256: string | null) => {
    const onnx = files.get(file) ?? (await readOrExplain(folder, file));
    files.set(file, onnx);
    const found = createHash("sha256").update(onnx).digest("hex");
    if (sha256 !== null && found !== sha256) {
      throw new Error(`${file} of ${folder} has the SHA-256 ${found}, not ${sha256} as networks.json says.`);
    }
    return onnx;
  };
  const opened: ComparisonNetwork[] = [];
  for (const network of networks) {
    const { name, table, kind, moment, task, loss, cnnFile, settings } = network;
    if (kind === "cnn" && !moment) throw new Error(`networks.json of ${folder}: the CNN "${name}" has no moment.`);
    if (kind === "rnn" && !cnnFile) throw new Error(`networks.json of ${folder}: the RNN "${name}" has no cnnFile.`);
    opened.push({
      model: {
        name,
        kind: { kind, moment: kind === "cnn" ? moment! : null, task, loss },
        tables: table,
        withoutClinic: network.withoutClinic ?? null,
        served: false,
      },
      sha256: network.sha256,
      onnx: await read(network.file, network.sha256),
      features: kind === "rnn" ? { file: cnnFile!, onnx: await read(cnnFile!, network.cnnSha256 ?? null) } : null,
      settings: flatSettings(settings ?? {}),
    });
  }
  return opened;
}

/** The settings that are one value each. */
export function flatSettings(settings: Readonly<Record<string, unknown>>): Settings {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, value]) => {
      const one = ONE_SETTING.safeParse(value);
      return one.success ? [[name, one.data]] : [];
    }),
  );
}

async function readList(folder: string): Promise<z.infer<typeof Networks>> {
  const text = new TextDecoder().decode(await readOrExplain(folder, "networks.json"));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Error(`networks.json of ${folder} is not JSON.`, { cause });
  }
  const parsed = Networks.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new Error(`networks.json of ${folder} breaks its schema: ${z.prettifyError(parsed.error)}`, {
    cause: parsed.error,
  });
}

async function readOrExplain(folder: string, file: string): Promise<Uint8Array> {
  return new Uint8Array(
    await readFile(join(folder, file)).catch((cause) => {
      throw new Error(`${file} of the networks in ${folder} cannot be read.`, { cause });
    }),
  );
}
