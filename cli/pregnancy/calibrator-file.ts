import { mkdir, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { PregnancyCalibrator } from "../../core/contracts/pregnancy-calibrator.ts";
import { sha256Hex } from "../../core/sha256.ts";
import { withSortedKeys } from "../../model-container/bundle/canonical-json.ts";

/**
 * Writes a calibrator: the same one as the same bytes.
 *
 * @returns the digest of the file, which answers name as `calibratorSha256`
 * @throws ZodError for a calibrator that would not be read again; what writing throws
 */
export async function writeCalibrator(file: string, calibrator: PregnancyCalibrator): Promise<string> {
  const text = `${JSON.stringify(withSortedKeys(PregnancyCalibrator.parse(calibrator)), null, 2)}\n`;
  const bytes = new TextEncoder().encode(text);
  await mkdir(dirname(file), { recursive: true });
  // Renamed into place: the old one may be in use.
  const unfinished = join(dirname(file), `.${basename(file)}.${process.pid}`);
  await writeFile(unfinished, bytes);
  await rename(unfinished, file);
  return await sha256Hex(bytes);
}
