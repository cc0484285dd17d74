import { readFile } from "node:fs/promises";
import { z } from "zod";
import { PregnancyCalibrator } from "../core/contracts/pregnancy-calibrator.ts";
import { CalibratorInvalid, CalibratorOfOtherModel } from "../core/errors.ts";
import { sha256Hex } from "../core/sha256.ts";
import type { ServedCalibrator } from "../core/stations/pregnancy-answer.ts";
import type { LoadedBundle } from "../model-container/bundle/load-bundle.ts";

/** Where a bundle's calibrator lies unless another file is named: beside the folder, since it is no part of the model. */
export function calibratorBeside(bundleDir: string): string {
  return `${bundleDir.replace(/\/+$/, "")}.pregnancy-calibrator.json`;
}

/**
 * Reads the clinic's pregnancy calibrator.
 *
 * @param named null for the file beside the bundle, which need not be there
 * @returns null when there is none
 * @throws CalibratorInvalid; CalibratorOfOtherModel when it was fitted for another model than the bundle
 */
export async function loadCalibrator(bundle: LoadedBundle, named: string | null): Promise<ServedCalibrator | null> {
  const file = named ?? calibratorBeside(bundle.dir);
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    if (named === null && cause.code === "ENOENT") return null;
    throw new CalibratorInvalid(
      `The pregnancy calibrator ${file} cannot be read. Name another in PREGNANCY_CALIBRATOR, or take it away to answer ` +
        "without probabilities of pregnancy.",
      { cause },
    );
  });
  if (bytes === null) return null;
  const calibrator = parse(file, new TextDecoder().decode(bytes));
  const { modelSha256 } = bundle.manifest;
  if (calibrator.modelSha256 !== modelSha256) {
    throw new CalibratorOfOtherModel(
      `The pregnancy calibrator ${file} was fitted for the model ${calibrator.modelSha256}, and ${bundle.dir} is the model ` +
        `${modelSha256}: its probabilities would be wrong. Fit one to this model's scores with npm run fit-calibrator, ` +
        "name another in PREGNANCY_CALIBRATOR, or take it away to answer without probabilities of pregnancy.",
    );
  }
  return { calibrator, sha256: await sha256Hex(new Uint8Array(bytes)) };
}

function parse(file: string, text: string): PregnancyCalibrator {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new CalibratorInvalid(`The pregnancy calibrator ${file} is not JSON. Fit it again.`, { cause });
  }
  const parsed = PregnancyCalibrator.safeParse(json);
  if (parsed.success) return parsed.data;
  const fault = z.prettifyError(parsed.error).replaceAll(/\s+/g, " ");
  throw new CalibratorInvalid(`The pregnancy calibrator ${file} breaks its schema: ${fault}. Fit it again.`, {
    cause: parsed.error,
  });
}
