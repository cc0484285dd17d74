import { describe, expect, it } from "vitest";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import type { GradingRecord } from "../../core/contracts/grading.ts";
import type { Prediction } from "../../core/contracts/prediction.ts";
import { ClipInvalid, ExplanationNotDrawn, StationGaveUp, StorageUnavailable } from "../../core/errors.ts";
import { explanation } from "../../core/pregnancy/explanation.ts";
import { pregnancyStill } from "../../core/pregnancy/pregnancy-still.ts";
import { rejectGrading } from "../../core/stations/close.ts";
import { cropEmbryo } from "../../core/stations/crop.ts";
import { recordGrade } from "../../core/stations/grade.ts";
import { ingestUpload } from "../../core/stations/ingest.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import {
  answerInference,
  CLINIC,
  completed,
  cropping,
  GRADING,
  predictionOf,
  pregnancyOf,
  receiveArchive,
  type StationHouse,
  stateOf,
  writeJson,
} from "../builders/station-house.ts";
import { digestOf } from "../contract/builders.ts";

const outage = new StorageUnavailable("The disk is full.");

describe("the grade station", () => {
  it("writes the record and points the grading at it", async () => {
    const house = await predicted();

    await recordGrade(completed(GRADING, objectKeys.prediction(CLINIC, GRADING)), house);

    const grading = (await house.gradings.find(GRADING))!;
    expect(grading.status).toBe("graded");
    expect(await house.records.find(grading.recordKey!)).toMatchObject({
      gradingId: GRADING,
      icm: { grade: "B" },
      qualityGroup: "GQB",
      ageYears: 34,
      clipSha256: grading.clipSha256,
    });
  });

  it("keeps the pregnancy score, and what the model remarked beside what was remarked before", async () => {
    const house = await predicted();
    const remark = { code: "TE_NOT_FOUND", detail: "No TE was found." };
    const key = objectKeys.prediction(CLINIC, GRADING);
    await writeJson(house, key, { ...(await validPrediction(house)), warnings: [remark] });
    const before = (await house.gradings.find(GRADING))!.warnings;

    await recordGrade(completed(GRADING, key), house);

    const [record] = house.records.all();
    expect(record?.pregnancy).toEqual({ rawScore: 0.55, ageYears: 34, focus: "icm" });
    expect(record?.warnings).toEqual([...before, remark]);
    expect(before).not.toEqual([]);
  });

  it("draws where the network looked over the last frame's centre plane", async () => {
    const house = await predicted();

    await recordGrade(house.finished.messages[0]!, house);

    const clip = npzClipFormat.decode(await house.objects.read(objectKeys.clip(CLINIC, GRADING)));
    const { rgb } = explanation(pregnancyStill(clip), pregnancyOf(34));
    expect(await house.objects.read(objectKeys.explanation(CLINIC, GRADING))).toEqual(rgb);
  });

  it.each([
    [
      "an encoder that fails",
      (house: StationHouse) => ({
        ...house,
        overlays: { encodeOverlay: () => Promise.reject(new ExplanationNotDrawn("no memory")) },
      }),
    ],
    [
      "a clip that is gone",
      (house: StationHouse) => ({
        ...house,
        clips: {
          ...house.clips,
          decode: () => {
            throw new ClipInvalid("gone");
          },
        },
      }),
    ],
  ])("loses no grade for %s", async (_name, broken) => {
    const house = await predicted();

    await recordGrade(completed(GRADING, objectKeys.prediction(CLINIC, GRADING)), broken(house));

    const [record] = house.records.all();
    expect(record).toMatchObject({ icm: { grade: "B" }, pregnancy: { rawScore: 0.55 } });
    expect(record?.warnings.map(({ code }) => code)).toContain("EXPLANATION_MISSING");
    expect(await house.objects.head(objectKeys.explanation(CLINIC, GRADING))).toBeNull();
  });

  it("writes no record while its explanation cannot be stored", async () => {
    const house = await predicted();
    const objects = { ...house.objects, write: () => Promise.reject(outage) };

    await expect(recordGrade(house.finished.messages[0]!, { ...house, objects })).rejects.toBe(outage);

    expect(house.records.all()).toEqual([]);
    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "grading", rejection: null });
  });

  it("explains nothing where there is no pregnancy score", async () => {
    const house = await predicted();
    const key = objectKeys.prediction(CLINIC, GRADING);
    await writeJson(house, key, { ...(await validPrediction(house)), pregnancy: null });

    await recordGrade(completed(GRADING, key), house);

    expect(house.records.all()).toMatchObject([{ pregnancy: null }]);
    expect(await house.objects.head(objectKeys.explanation(CLINIC, GRADING))).toBeNull();
  });

  it("takes the place of the answer as the endpoint writes it", async () => {
    const house = await predicted();

    await recordGrade(completed(GRADING, `s3://bucket-1/${objectKeys.prediction(CLINIC, GRADING)}`), house);

    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "graded" });
  });

  it("points the same archive, uploaded again, at the record that is there", async () => {
    const house = await predicted();
    await recordGrade(house.finished.messages[0]!, house);
    house.clock.passSeconds(3600);
    await ingestUpload(await receiveArchive(house, { gradingId: "grading-2", ageYears: 34 }), house);
    await cropEmbryo(house.cropJobs.messages[1]!, house);
    await answerInference(house, house.endpoint.messages[1]!);

    await recordGrade(house.finished.messages[1]!, house);

    const [first, second] = house.gradings.all();
    expect(second).toMatchObject({ gradingId: "grading-2", status: "graded", recordKey: first!.recordKey });
    expect(house.records.all()).toMatchObject([{ gradingId: GRADING }]);
  });

  it.each<[string, (valid: Prediction) => unknown]>([
    ["holds what JSON writes for NaN", (valid) => withScores(valid, { A: null, B: 0.7, C: 0.3 })],
    ["sums to more than 1", (valid) => withScores(valid, { A: 0.3, B: 0.7, C: 0.1 })],
    ["has a negative share", (valid) => withScores(valid, { A: -0.1, B: 0.8, C: 0.3 })],
    ["has another class order", (valid) => ({ ...valid, classOrder: ["C", "B", "A"] })],
    ["has no trophectoderm", ({ te: _te, ...rest }) => rest],
    ["has a pregnancy score above 1", (valid) => withPregnancy(valid, { rawScore: 1.1 })],
    ["holds what JSON writes for a NaN score", (valid) => withPregnancy(valid, { rawScore: null })],
    ["has a mask that does not fill the picture", (valid) => withPregnancy(valid, { masks: { icm: [9], te: [9] } })],
    ["is nothing", () => null],
  ])("gives no grade where the answer %s", async (_what, change) => {
    const house = await predicted();
    const key = objectKeys.prediction(CLINIC, GRADING);
    await writeJson(house, key, change(await validPrediction(house)));

    await recordGrade(completed(GRADING, key), house);

    expect(await house.gradings.find(GRADING)).toMatchObject({
      status: "rejected",
      rejection: { code: "PREDICTION_INVALID", detail: expect.stringContaining("Report it") },
    });
    expect(house.records.all()).toEqual([]);
  });

  it.each([
    ["a bare NaN", '{"icm":NaN}'],
    ["half an answer", '{"icm":'],
    ["nothing", ""],
  ])("gives no grade where the answer is %s", async (_what, text) => {
    const house = await predicted();
    const key = objectKeys.prediction(CLINIC, GRADING);
    await house.objects.write(key, new TextEncoder().encode(text));

    await recordGrade(completed(GRADING, key), house);

    expect(await house.gradings.find(GRADING)).toMatchObject({ rejection: { code: "PREDICTION_INVALID" } });
  });

  it.each([
    [
      "an endpoint that gave no reason of its own",
      "Model container died while it worked on the request",
      "MODEL_FAILED",
    ],
    ["a container that was ending", problemJson("MODEL_UNAVAILABLE", 503, true), "MODEL_UNAVAILABLE"],
    ["a model that was swapped since the crop", problemJson("CLIP_OF_OTHER_CROPPER", 409), "CLIP_OF_OTHER_CROPPER"],
    ["a GPU that is out of order", problemJson("MODEL_FAILED", 500), "MODEL_FAILED"],
  ])("sets a grading back, and rejects nothing, for %s", async (_what, failureReason, code) => {
    const house = await predicted();

    await recordGrade({ invocationStatus: "Failed", inferenceId: GRADING, failureReason }, house);

    const at = house.clock.now().toISOString();
    expect(await house.gradings.find(GRADING)).toMatchObject({
      status: "cropping",
      rejection: null,
      setback: { code, detail: expect.any(String), at },
    });
  });

  it("counts a failure that is told twice once", async () => {
    const house = await predicted();
    const failed = { invocationStatus: "Failed", inferenceId: GRADING, failureReason: "It died." } as const;

    for (let times = 0; times < 2; times++) await recordGrade(failed, house);

    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "cropping", setback: { times: 1 } });
  });

  it("shows the grades of a record though its grading was closed in the moment between", async () => {
    const house = await predicted();
    const records = {
      ...house.records,
      async putOnce(record: GradingRecord) {
        await rejectGrading(house, GRADING, new StationGaveUp("Tried."));
        return house.records.putOnce(record);
      },
    };

    await recordGrade(house.finished.messages[0]!, { ...house, records });

    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "graded", rejection: null });
  });

  it("sets a grading back whose answer was announced and is not there", async () => {
    const house = await predicted();

    await recordGrade(completed(GRADING, objectKeys.prediction(CLINIC, "no-such-answer")), house);

    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "cropping", setback: { code: "MODEL_FAILED" } });
  });

  it("takes no answer to another clip, and waits for the right one", async () => {
    const house = await predicted();
    const key = objectKeys.prediction(CLINIC, GRADING);
    const right = await validPrediction(house);
    await writeJson(house, key, { ...right, clipSha256: digestOf("another clip") });

    const before = await house.gradings.find(GRADING);
    await recordGrade(completed(GRADING, key), house);
    const between = await house.gradings.find(GRADING);
    await writeJson(house, key, right);
    await recordGrade(completed(GRADING, key), house);

    expect(between).toEqual(before);
    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "graded" });
    expect(house.records.all()).toHaveLength(1);
  });

  it.each([
    ["as the local wiring tells it", (problem: string) => problem],
    ["within a sentence", (problem: string) => `Received client error (422) from model with message "${problem}".`],
    [
      "in escaped quotation marks",
      (problem: string) => `Received client error (422): "${problem.replaceAll('"', '\\"')}". See the log.`,
    ],
  ])("passes on the container's own code and sentence, %s", async (_how, reasonOf) => {
    const house = await predicted();
    const detail = "The model grades time-lapse archives only.";
    const problem = { type: "about:blank", title: "Unprocessable Content", status: 422, detail, retryable: false };
    const failureReason = reasonOf(JSON.stringify({ ...problem, code: "STILLS_NOT_OFFERED" }));

    await recordGrade({ invocationStatus: "Failed", inferenceId: GRADING, failureReason }, house);

    expect(await house.gradings.find(GRADING)).toMatchObject({
      status: "rejected",
      rejection: { code: "STILLS_NOT_OFFERED", detail },
    });
  });

  it.each([
    ["in base64", btoa],
    ["as it is", (text: string) => text],
  ])("passes on the container's own answer, sent along %s, before SageMaker's reason", async (_how, encode) => {
    const house = await predicted();
    const failureReason = "ClientError: Received client error (422) from model. See the logs.";
    const responseBody = { content: encode(problemJson("STILLS_NOT_OFFERED", 422)) };

    await recordGrade({ invocationStatus: "Failed", inferenceId: GRADING, failureReason, responseBody }, house);

    const rejected = { status: "rejected", rejection: { code: "STILLS_NOT_OFFERED" } };
    expect(await house.gradings.find(GRADING)).toMatchObject(rejected);
  });

  it("keeps the grades when a failure is told afterwards", async () => {
    const house = await predicted();
    await recordGrade(house.finished.messages[0]!, house);
    const graded = await stateOf(house);

    await recordGrade({ invocationStatus: "Failed", inferenceId: GRADING, failureReason: "expired" }, house);

    expect(await stateOf(house)).toEqual(graded);
  });

  it("throws an outage back and leaves the grading open", async () => {
    const house = await predicted();
    const records = { ...house.records, putOnce: () => Promise.reject(outage) };

    await expect(recordGrade(house.finished.messages[0]!, { ...house, records })).rejects.toBe(outage);

    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "grading", rejection: null });
  });
});

/** What the container answers instead of a prediction. */
function problemJson(code: string, status: number, retryable = false): string {
  return JSON.stringify({ type: "about:blank", title: "a problem", status, detail: "a sentence", code, retryable });
}

/** Through crop too, and the model has answered. */
async function predicted(): Promise<StationHouse> {
  const { house, job } = await cropping();
  await cropEmbryo(job, house);
  await answerInference(house, house.endpoint.messages[0]!);
  return house;
}

async function validPrediction(house: StationHouse): Promise<Prediction> {
  return predictionOf(await house.objects.read(objectKeys.clip(CLINIC, GRADING)));
}

function withScores(valid: Prediction, probabilities: Record<"A" | "B" | "C", number | null>) {
  return { ...valid, icm: { ...valid.icm, probabilities } };
}

function withPregnancy(valid: Prediction, change: object) {
  return { ...valid, pregnancy: { ...valid.pregnancy, ...change } };
}
