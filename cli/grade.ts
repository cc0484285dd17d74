// The main job without a running service: archives in, one grading a line out.
import { statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readLocalConfig } from "../adapters/config/local-config.ts";
import type { GradingAnswer } from "../core/contracts/grading.ts";
import { AGE_YEARS_RANGE } from "../core/contracts/identifiers.ts";
import { archiveFile, gradedUpload, uploadArchive } from "./client.ts";
import { gradingsTable } from "./gradings-table.ts";
import { openLocalService } from "./local.ts";
import { standardErrorLogger } from "./log.ts";

const USAGE = "Usage: npm run grade -- FILE.zip [FILE.zip ...] [--age YEARS] [--format json|table]";

/** 0 when all were graded, 2 when any was rejected or the call is wrong. */
process.exitCode = await main().catch((error: Error) => {
  console.error(`${error.message}\n${USAGE}`);
  return 2;
});

async function main(): Promise<number> {
  const { files, ageYears, format } = readArguments();
  const config = readLocalConfig();
  const dataDir = await mkdtemp(join(tmpdir(), "blastograde-"));
  const logger = standardErrorLogger(config.logLevel === "info" ? "warn" : config.logLevel);
  try {
    const service = await openLocalService({ ...config, dataDir, logger });
    try {
      const send = async (path: string, init?: RequestInit) => service.app.request(path, init);
      const answers: GradingAnswer[] = [];
      for (const file of files) {
        const uploadId = await uploadArchive(send, await archiveFile(file), ageYears === undefined ? {} : { ageYears });
        const answer = await gradedUpload(send, uploadId, ({ status }) => console.error(`${file}: ${status}`));
        if (format === "json") console.log(JSON.stringify(answer));
        answers.push(answer);
      }
      if (format === "table") console.log(gradingsTable(answers));
      return answers.every(({ status }) => status === "graded") ? 0 : 2;
    } finally {
      await service.close();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

function readArguments() {
  const { positionals: files, values } = parseArgs({
    allowPositionals: true,
    options: { age: { type: "string" }, format: { type: "string", default: "json" } },
  });
  if (files.length === 0) throw new Error("No archive was named.");
  for (const file of files)
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) throw new Error(`There is no file ${file}.`);
  const { format, age } = values;
  if (format !== "json" && format !== "table") throw new Error(`--format is json or table, not ${format}.`);
  const ageYears = age === undefined ? undefined : Number(age);
  const { min, max } = AGE_YEARS_RANGE;
  if (ageYears !== undefined && !(ageYears >= min && ageYears <= max)) {
    throw new Error(`--age is from ${min} to ${max} years, not ${age}.`);
  }
  return { files, ageYears, format };
}
