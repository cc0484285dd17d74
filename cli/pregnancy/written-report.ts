import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { onDisk } from "../../adapters/local/folder-failure.ts";
import { writeWhole } from "../dataset/prepared-writer.ts";
import { reportPage } from "./page/report-page.ts";
import type { PregnancyReport } from "./report.ts";
import { scoresCsv } from "./scores-file.ts";
import type { ScoredNetwork } from "./scoring.ts";
import type { Transfer } from "./transfers.ts";

/**
 * Writes `report.html`, `report.json` and `scores.csv`, each whole or not at all.
 *
 * @returns path of the page
 * @throws StorageUnavailable
 */
export async function writeReport(
  dir: string,
  report: PregnancyReport,
  transfers: readonly Transfer[],
  scored: readonly ScoredNetwork[],
): Promise<string> {
  const file = join(dir, "report.html");
  // A page that cannot be drawn leaves the files of an older report as they are.
  const page = reportPage(report);
  await onDisk(dir, "take the report", async () => {
    await mkdir(dir, { recursive: true });
    await writeWhole(join(dir, "scores.csv"), scoresCsv(transfers, scored));
    await writeWhole(join(dir, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
    await writeWhole(file, page);
  });
  return file;
}
