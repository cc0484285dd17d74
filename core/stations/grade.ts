import type { Grading, GradingRecord } from "../contracts/grading.ts";
import type { Warning } from "../contracts/identifiers.ts";
import type { InferenceNotification } from "../contracts/messages.ts";
import { Prediction } from "../contracts/prediction.ts";
import { isBlastogradeError, PredictionInvalid } from "../errors.ts";
import { qualityGroup, structureGrade } from "../grading/grade-decoding.ts";
import type { ClipFormat, Clock, GradingStore, ObjectKey, ObjectStore, OverlayEncoder, RecordStore } from "../ports.ts";
import { explanation } from "../pregnancy/explanation.ts";
import { pregnancyStill } from "../pregnancy/pregnancy-still.ts";
import { rejectGrading, rejectingBadInput, setBackGrading, UNFINISHED } from "./close.ts";
import { keyOfLocation, objectKeys } from "./keys.ts";
import { modelRefusal } from "./model-refusal.ts";

const EXPLANATION_MISSING: Warning = {
  code: "EXPLANATION_MISSING",
  detail: "The picture of what the pregnancy score rests on could not be drawn. The score stands; report it.",
};

/** The clip is gone or damaged since it was scored, or the encoder failed. */
const OF_PICTURE = ["OBJECT_MISSING", "CLIP_INVALID", "EXPLANATION_NOT_DRAWN"];

export interface GradePorts {
  readonly objects: ObjectStore;
  readonly gradings: GradingStore;
  readonly records: RecordStore;
  readonly clips: ClipFormat;
  readonly overlays: OverlayEncoder;
  readonly clock: Clock;
}

/**
 * Station 3: a finished inference becomes the record, written once, and the grading points at it. The picture that explains
 * a pregnancy score is drawn before: whoever sees the score in a record finds its picture, or a warning that it has none.
 *
 * Repeatable: whoever comes second finds the record there and leaves it. The same archive uploaded again therefore ends
 * at the first record.
 *
 * A failure that is not the clip's (an endpoint that died, a model that was swapped since the crop) sets the grading back, and the
 * sweep asks again.
 *
 * @throws retryable errors only; a refused clip and an invalid prediction end as the grading's rejection
 */
export async function recordGrade(notification: InferenceNotification, ports: GradePorts): Promise<void> {
  const grading = await ports.gradings.find(notification.inferenceId);
  if (grading === null || !UNFINISHED.includes(grading.status)) return;

  if (notification.invocationStatus === "Failed") {
    const refusal = modelRefusal(notification);
    if (refusal.passing) await setBackGrading(ports, grading, refusal);
    else await rejectGrading(ports, grading.gradingId, refusal);
    return;
  }
  const { outputLocation } = notification.responseParameters;
  const json = await readAnswer(keyOfLocation(outputLocation), ports.objects);
  if (json === null) {
    const nothing = { code: "MODEL_FAILED", message: "The model's answer was announced and is not there." };
    await setBackGrading(ports, grading, nothing);
    return;
  }
  await rejectingBadInput(ports, grading, async () => {
    const prediction = parsePrediction(json);
    // Of a clip that has been cut anew since, as when a model was swapped. The answer to today's clip is waited for: the sweep
    // asks again if it never comes.
    if (prediction.clipSha256 !== grading.clipSha256) return;
    const drawn = await drawExplanation(grading, prediction, ports);
    const { record } = await ports.records.putOnce(recordOf(grading, prediction, drawn, ports.clock.now()));
    const { clinicId, embryoId, archiveDigest, ageYears, modelSha256 } = record;
    // Also where another message has closed it in this very moment: there is a record, so there is a grade.
    await ports.gradings.change(grading.gradingId, [...UNFINISHED, "rejected"], {
      status: "graded",
      rejection: null,
      askedAt: null,
      recordKey: { clinicId, embryoId, archiveDigest, ageYears, modelSha256 },
      updatedAt: ports.clock.now().toISOString(),
    });
  });
}

/** @returns null where nothing lies */
async function readAnswer(key: ObjectKey, objects: ObjectStore): Promise<Uint8Array | null> {
  try {
    return await objects.read(key);
  } catch (error) {
    if (isBlastogradeError(error) && error.code === "OBJECT_MISSING") return null;
    throw error;
  }
}

function parsePrediction(json: Uint8Array): Prediction {
  let answer: unknown;
  try {
    answer = JSON.parse(new TextDecoder().decode(json));
  } catch (cause) {
    throw new PredictionInvalid("The model's answer is not JSON. Report it; no grade was given.", { cause });
  }
  const parsed = Prediction.safeParse(answer);
  if (!parsed.success) {
    throw new PredictionInvalid("The model's answer breaks its schema. Report it; no grade was given.", {
      cause: parsed.error,
    });
  }
  return parsed.data;
}

/** @returns a warning where there is no picture: no grade is lost for want of one @throws whatever is wrong with more than the picture */
async function drawExplanation(
  { clinicId, gradingId }: Grading,
  { pregnancy }: Prediction,
  { objects, clips, overlays }: GradePorts,
): Promise<Warning[]> {
  if (pregnancy === null) return [];
  let picture: Uint8Array;
  try {
    const clip = clips.decode(await objects.read(objectKeys.clip(clinicId, gradingId)));
    picture = await overlays.encodeOverlay(explanation(pregnancyStill(clip), pregnancy));
  } catch (error) {
    // Of these three the score knows nothing; whatever else happened is no matter of the picture alone.
    const isOfPicture = isBlastogradeError(error) && OF_PICTURE.includes(error.code);
    if (!isOfPicture) throw error;
    return [EXPLANATION_MISSING];
  }
  await objects.write(objectKeys.explanation(clinicId, gradingId), picture);
  return [];
}

function recordOf(grading: Grading, prediction: Prediction, drawn: readonly Warning[], gradedAt: Date): GradingRecord {
  const { embryoId, archiveDigest, sequence, clipSha256 } = grading;
  if (embryoId === null || archiveDigest === null || sequence === null || clipSha256 === null) {
    throw new PredictionInvalid("The model answered before the clip was cropped. Report it; no grade was given.");
  }
  const { pregnancy } = prediction;
  const icm = structureGrade(prediction.icm);
  const te = structureGrade(prediction.te);
  return {
    clinicId: grading.clinicId,
    embryoId,
    archiveDigest,
    ageYears: grading.ageYears,
    modelSha256: prediction.modelSha256,
    gradingId: grading.gradingId,
    cycleId: grading.cycleId,
    icm,
    te,
    qualityGroup: qualityGroup(icm.grade, te.grade),
    sequence,
    warnings: [...grading.warnings, ...prediction.warnings, ...drawn],
    pregnancy: pregnancy && { rawScore: pregnancy.rawScore, ageYears: pregnancy.ageYears, focus: pregnancy.focus },
    clipSha256,
    model: prediction.model,
    demo: prediction.demo,
    gradedAt: gradedAt.toISOString(),
  };
}
