import { describe, expect, it } from "vitest";
import type { Prediction } from "../../core/contracts/prediction.ts";
import { StorageUnavailable } from "../../core/errors.ts";
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
    ["is of another clip", (valid) => ({ ...valid, clipSha256: digestOf("another clip") })],
    ["holds what JSON writes for NaN", (valid) => withScores(valid, { A: null, B: 0.7, C: 0.3 })],
    ["sums to more than 1", (valid) => withScores(valid, { A: 0.3, B: 0.7, C: 0.1 })],
    ["has a negative share", (valid) => withScores(valid, { A: -0.1, B: 0.8, C: 0.3 })],
    ["has another class order", (valid) => ({ ...valid, classOrder: ["C", "B", "A"] })],
    ["has no trophectoderm", ({ te: _te, ...rest }) => rest],
    ["is nothing", () => null],
  ])("gives no grade where the answer %s", async (_what, change) => {
    const house = await predicted();
    const key = objectKeys.prediction(CLINIC, GRADING);
    await writeJson(house, key, change(await validPrediction(house)));

    await recordGrade(completed(GRADING, key), house);

    expect(await house.gradings.find(GRADING)).toMatchObject({
      status: "rejected",
      rejection: { code: "PREDICTION_INVALID", detail: expect.stringContaining("no grade was given") },
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

  it("tells why the model failed", async () => {
    const house = await predicted();

    const failureReason = "the clip has no frames";
    await recordGrade({ invocationStatus: "Failed", inferenceId: GRADING, failureReason }, house);

    expect(await house.gradings.find(GRADING)).toMatchObject({
      status: "rejected",
      rejection: { code: "MODEL_FAILED", detail: expect.stringContaining(failureReason) },
    });
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
