import { PregnancyCalibrator } from "../contracts/pregnancy-calibrator.ts";
import { CalibratorInvalid, isBlastogradeError } from "../errors.ts";
import type { Clock, ObjectStore } from "../ports.ts";
import { sha256Hex } from "../sha256.ts";
import { objectKeys } from "../stations/keys.ts";
import type { ServedCalibrator } from "../stations/pregnancy-answer.ts";

/** A new calibrator is in force everywhere after so many seconds. */
const FRESH_SECONDS = 60;

/**
 * Each clinic's pregnancy calibrator, as it lies in the object store. One that cannot be read counts as none, so that grades are
 * still shown; the operator is told.
 *
 * @param report told of a calibrator that breaks its schema
 * @returns a function that throws StorageUnavailable
 */
export function storedCalibrators({
  objects,
  clock,
  report,
}: {
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly report: (error: Error) => void;
}): (clinicId: string) => Promise<ServedCalibrator | null> {
  // The read itself is kept: a page of a thousand embryos asks for it a thousand times at once.
  const known = new Map<string, { readonly until: number; readonly calibrator: Promise<ServedCalibrator | null> }>();
  return (clinicId) => {
    const now = clock.now().getTime();
    const fresh = known.get(clinicId);
    if (fresh !== undefined && now < fresh.until) return fresh.calibrator;
    const calibrator = readCalibrator(clinicId, objects, report);
    known.set(clinicId, { until: now + FRESH_SECONDS * 1000, calibrator });
    calibrator.catch(() => known.delete(clinicId));
    return calibrator;
  };
}

async function readCalibrator(
  clinicId: string,
  objects: ObjectStore,
  report: (error: Error) => void,
): Promise<ServedCalibrator | null> {
  const bytes = await objects.read(objectKeys.calibrator(clinicId)).catch((error: unknown) => {
    if (isBlastogradeError(error) && error.code === "OBJECT_MISSING") return null;
    throw error;
  });
  if (bytes === null) return null;
  try {
    const calibrator = PregnancyCalibrator.parse(JSON.parse(new TextDecoder().decode(bytes)));
    return { calibrator, sha256: await sha256Hex(bytes) };
  } catch (cause) {
    report(
      new CalibratorInvalid(`The pregnancy calibrator of ${clinicId} breaks its schema. Fit it again.`, { cause }),
    );
    return null;
  }
}
