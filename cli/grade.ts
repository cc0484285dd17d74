// The main job without a running service: archives and stills in, one grading a line out.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readLocalConfig } from "../adapters/config/local-config.ts";
import type { GradingAnswer } from "../core/contracts/grading.ts";
import type { UploadOptions } from "../core/contracts/http.ts";
import { AGE_YEARS_RANGE, CycleId } from "../core/contracts/identifiers.ts";
import { archiveFile, gradedUpload, uploadArchive } from "./client.ts";
import { gradingsTable } from "./gradings-table.ts";
import { openLocalService } from "./local.ts";
import { standardErrorLogger } from "./log.ts";
import { embryoIdOfFile, kindOfFile } from "./upload-file.ts";

const USAGE = `Usage: npm run grade -- FILE [FILE ...] [--age YEARS] [--cycle ID] [--format json|table]
A FILE is an archive of a time-lapse (zip), or a still (JPEG, PNG, TIFF or BMP) of the embryo that it is named after.
--age holds for every file. --cycle is of stills, since an archive's manifest names its own.`;

/** 0 when all were graded, 1 when we could not try, 2 when any was rejected or the call is wrong. */
process.exitCode = await main().catch((error: Error) => {
  console.error(error.message);
  return 1;
});

async function main(): Promise<number> {
  let call: ReturnType<typeof readArguments>;
  try {
    call = readArguments();
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const { uploads, format } = call;
  const config = readLocalConfig();
  const logger = standardErrorLogger(config.logLevel === "info" ? "warn" : config.logLevel);
  const service = await openLocalService({ ...config, dataDir: passingFolder(), logger });
  try {
    const send = async (path: string, init?: RequestInit) => service.app.request(path, init);
    const answers: GradingAnswer[] = [];
    for (const { file, options } of uploads) {
      const uploadId = await uploadArchive(send, await archiveFile(file), options);
      const answer = await gradedUpload(send, uploadId, ({ status }) => console.error(`${file}: ${status}`));
      if (format === "json") console.log(JSON.stringify(answer));
      answers.push(answer);
    }
    if (format === "table") console.log(gradingsTable(answers));
    return answers.every(({ status }) => status === "graded") ? 0 : 2;
  } finally {
    await service.close();
  }
}

/** A folder that goes with this process, however it ends short of SIGKILL: patients' pictures come to lie in it. */
function passingFolder(): string {
  for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => process.exit(128 + constants.signals[signal]));
  }
  const folder = mkdtempSync(join(tmpdir(), "blastograde-"));
  // Tried again where a write that was under way puts one more file in.
  process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

function readArguments() {
  const { positionals: files, values } = parseArgs({
    allowPositionals: true,
    options: { age: { type: "string" }, cycle: { type: "string" }, format: { type: "string", default: "json" } },
  });
  if (files.length === 0) throw new Error("No file was named.");
  for (const file of files)
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) throw new Error(`There is no file ${file}.`);
  const { format, age, cycle } = values;
  if (format !== "json" && format !== "table") throw new Error(`--format is json or table, not ${format}.`);
  const ageYears = age === undefined ? undefined : Number(age);
  const { min, max } = AGE_YEARS_RANGE;
  if (ageYears !== undefined && !(ageYears >= min && ageYears <= max)) {
    throw new Error(`--age is from ${min} to ${max} years, not ${age}.`);
  }
  if (cycle !== undefined && !CycleId.safeParse(cycle).success) {
    throw new Error("--cycle is 1 to 128 characters, without control characters and without a blank at either end.");
  }
  const said = ageYears !== undefined && { ageYears };
  const uploads = files.map((file) => ({ file, options: { ...optionsOf(file, cycle), ...said } }));
  return { uploads, format };
}

/** @throws where a cycle is said of an archive */
function optionsOf(file: string, cycleId: string | undefined): UploadOptions {
  if (kindOfFile(file) === "still") {
    return { kind: "still", embryoId: embryoIdOfFile(file), ...(cycleId !== undefined && { cycleId }) };
  }
  if (cycleId === undefined) return {};
  throw new Error(`--cycle is of stills: ${file} is an archive, whose manifest names its cycle.`);
}
