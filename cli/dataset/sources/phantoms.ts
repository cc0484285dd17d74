import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { systemCode } from "../../../adapters/local/folder-failure.ts";
import { type PhantomEmbryo, phantomEmbryo, phantomManifest, stackPictures } from "../../../phantom/index.ts";
import {
  type EmbryoSource,
  type SourceEmbryo,
  SourceInvalid,
  type SourceReader,
  WELL_KINDS,
} from "../embryo-source.ts";
import { digestOf } from "./labels.ts";

export const PHANTOMS_FILE = "phantoms.json";

/** `phantoms.json`: embryos that are drawn when they are read; no picture lies on disk. */
export const PhantomsFile = z.strictObject({
  schema: z.literal("blastograde/phantoms@1"),
  seed: z.number().int().min(0),
  embryos: z.number().int().min(1).max(1_000_000),
  /** Hours post insemination. @default those of the phantom generator */
  firstHpi: z.number().min(0).max(400).optional(),
  lastHpi: z.number().min(0).max(400).optional(),
  /** Taken in turn. @default drawn */
  kinds: z.array(z.enum(WELL_KINDS)).min(1).optional(),
});
export type PhantomsFile = z.infer<typeof PhantomsFile>;

/** Phantoms of one seed. The label is one annotator's word, never the latent quality. */
export const phantoms: SourceReader = {
  name: "phantoms",
  async open(dir) {
    const file = await readPhantomsFile(dir);
    if (file === null) return `there is no ${PHANTOMS_FILE}`;
    const indexOf = new Map<string, number>();
    try {
      for (let index = 0; index < file.embryos; index++) indexOf.set(phantomOf(file, index).embryoId, index);
    } catch (cause) {
      throw new SourceInvalid(`${PHANTOMS_FILE}: ${(cause as Error).message}.`, { cause });
    }
    const source: EmbryoSource = {
      name: "phantoms",
      kind: "time-lapse",
      digest: await digestOf(file),
      problems: [],
      embryoIds: () => [...indexOf.keys()],
      open: async (embryoId) => sourceEmbryo(phantomOf(file, indexOf.get(embryoId)!)),
    };
    return source;
  },
};

/** @returns null where there is no such file @throws SourceInvalid */
export async function readPhantomsFile(dir: string): Promise<PhantomsFile | null> {
  const text = await readFile(join(dir, PHANTOMS_FILE), "utf8").catch((cause) => {
    if (systemCode(cause) === "ENOENT") return null;
    throw new SourceInvalid(`${PHANTOMS_FILE} cannot be read: ${(cause as Error).message}.`, { cause });
  });
  if (text === null) return null;
  try {
    return PhantomsFile.parse(JSON.parse(text));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    throw new SourceInvalid(`${PHANTOMS_FILE} is not what it should be: ${why}.`, { cause });
  }
}

/** One embryo of a file. @throws RangeError for hours that no phantom has */
export function phantomOf({ seed, firstHpi, lastHpi, kinds }: PhantomsFile, index: number): PhantomEmbryo {
  return phantomEmbryo({
    seed,
    index,
    ...(firstHpi === undefined ? {} : { firstHpi }),
    ...(lastHpi === undefined ? {} : { lastHpi }),
    ...(kinds === undefined ? {} : { kind: kinds[index % kinds.length]! }),
  });
}

async function sourceEmbryo(embryo: PhantomEmbryo): Promise<SourceEmbryo> {
  const { embryoId, cycleId, clinicId, ageYears, icmLabel, teLabel, icmVotes, teVotes, kind } = embryo;
  const { frames } = phantomManifest(embryo);
  const frameOf = new Map(frames.map((frame) => [frame.file, frame]));
  return {
    embryoId,
    cycleId,
    clinic: clinicId,
    ageYears,
    icm: icmLabel,
    te: teLabel,
    icmVotes,
    teVotes,
    annotatedHpi: embryo.tAHpi,
    outcome: embryo.outcome,
    split: null,
    truth: kind,
    archiveDigest: await digestOf(embryoId),
    frames,
    problems: [],
    async readFrames(files) {
      const wanted = files.map((file) => frameOf.get(file)!);
      return stackPictures(
        embryo,
        wanted[0]!.hpi,
        wanted.map(({ focalPlaneUm }) => focalPlaneUm),
      );
    },
    close: async () => {},
  };
}
