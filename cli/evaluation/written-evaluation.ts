import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { onDisk } from "../../adapters/local/folder-failure.ts";
import { writeWhole } from "../dataset/prepared-writer.ts";
import type { Evaluation } from "./evaluation.ts";
import { reportPage } from "./page/report-page.ts";
import { predictionsCsv } from "./predictions-file.ts";
import type { EvaluatedDataSet } from "./prepared-data-set.ts";

/**
 * Writes `report.html`, `report.json` and `predictions.csv`, each whole or not at all.
 *
 * @returns path of the page
 * @throws StorageUnavailable
 */
export async function writeEvaluation(
  dir: string,
  { report, served, models }: Evaluation,
  { embryos }: EvaluatedDataSet,
): Promise<string> {
  const page = join(dir, "report.html");
  await onDisk(dir, "take the report", async () => {
    await mkdir(dir, { recursive: true });
    await writeWhole(join(dir, "predictions.csv"), predictionsCsv(embryos, models, served));
    await writeWhole(join(dir, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
    await writeWhole(page, reportPage(report));
  });
  return page;
}
