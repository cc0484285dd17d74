import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { zipArchiveReader } from "../../adapters/archive/zip-archive.ts";
import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import type { Grading } from "../../core/contracts/grading.ts";
import type { CropJob, InferenceNotification, UploadStored } from "../../core/contracts/messages.ts";
import type { Prediction, PregnancyPrediction } from "../../core/contracts/prediction.ts";
import type { ModelEndpoint, ObjectKey } from "../../core/ports.ts";
import { encodeRuns } from "../../core/pregnancy/run-lengths.ts";
import { sha256Hex } from "../../core/sha256.ts";
import { ingestUpload } from "../../core/stations/ingest.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import { aGrading, StandingClock } from "../contract/builders.ts";
import {
  discSegmenter,
  type MemoryQueue,
  memoryGradings,
  memoryObjects,
  memoryQueue,
  memoryRecords,
  rawOverlay,
  sizePreview,
} from "./memory-ports.ts";
import { blobOf, phantomArchive, phantomStill } from "./phantom-archive.ts";
import { discAndRing } from "./tissues.ts";

export const CLINIC = "north";
export const GRADING = "grading-1";

export type InferenceRequest = Parameters<ModelEndpoint["invoke"]>[0];

/** Every port of every station, in memory, on a clock that stands. */
export function stationHouse() {
  const invocations: MemoryQueue<InferenceRequest> = memoryQueue();
  return {
    objects: memoryObjects(),
    gradings: memoryGradings(),
    records: memoryRecords(),
    archives: zipArchiveReader,
    pictures: sharpDecoder,
    previews: sizePreview,
    overlays: rawOverlay,
    segmenter: discSegmenter(),
    clips: npzClipFormat,
    endpoint: { messages: invocations.messages, invoke: invocations.send },
    stored: memoryQueue<UploadStored>(),
    cropJobs: memoryQueue<CropJob>(),
    finished: memoryQueue<InferenceNotification>(),
    clock: new StandingClock(),
  };
}

export type StationHouse = ReturnType<typeof stationHouse>;

/** A grading with its archive stored, one hour of a blastocyst unless said otherwise. @returns the store's event */
export async function receiveArchive(
  house: StationHouse,
  { archive, ...grading }: Partial<Grading> & { archive?: Blob } = {},
): Promise<UploadStored> {
  await house.gradings.create(aGrading({ gradingId: GRADING, clinicId: CLINIC, ...grading }));
  const blob = archive ?? (await phantomArchive({ capturedHpi: [117] }));
  const key = objectKeys.upload(CLINIC, grading.gradingId ?? GRADING);
  return house.objects.write(key, new Uint8Array(await blob.arrayBuffer()));
}

/** What the pregnancy networks say of a still that they looked at the middle of. */
export function pregnancyOf(ageYears: number): PregnancyPrediction {
  const attention = new Array<number>(49).fill(0);
  attention[24] = 2;
  const { icm, te } = discAndRing();
  return {
    rawScore: 0.55,
    ageYears,
    focus: "icm",
    attention,
    firstCellPx: 15.5,
    masks: { icm: encodeRuns(icm), te: encodeRuns(te) },
  };
}

/** A grading of a still with its picture stored, one of a blastocyst unless said otherwise. @returns the store's event */
export async function receiveStill(
  house: StationHouse,
  { picture, ...grading }: Partial<Grading> & { picture?: Uint8Array } = {},
): Promise<UploadStored> {
  const archive = blobOf(picture ?? (await phantomStill()));
  const announced = { embryoId: "still 8", cycleId: "cycle 1" };
  return receiveArchive(house, { archive, kind: "still", announced, ...grading });
}

/** What the model server answers to a clip: with a pregnancy score where the clip has an age. */
export async function predictionOf(clip: Uint8Array, changes: Partial<Prediction> = {}): Promise<Prediction> {
  const distribution = { A: 0.25, B: 0.7, C: 0.05 };
  const { ageYears } = npzClipFormat.decode(clip).meta;
  return {
    schema: "blastograde/prediction@1",
    classOrder: ["A", "B", "C"],
    model: "test",
    modelSha256: "d".repeat(64),
    demo: true,
    clipSha256: await sha256Hex(clip),
    pregnancy: ageYears === null ? null : pregnancyOf(ageYears),
    warnings: ageYears === null ? [{ code: "AGE_MISSING", detail: "Nobody said her age." }] : [],
    framesUsed: 1,
    icm: { scores: distribution, probabilities: distribution },
    te: { scores: distribution, probabilities: distribution },
    ...changes,
  };
}

/** Does what the asynchronous endpoint does with a request: answers beside the clip, then tells. */
export async function answerInference(house: StationHouse, { gradingId, clipKey }: InferenceRequest): Promise<void> {
  const prediction = await predictionOf(await house.objects.read(clipKey));
  const outputLocation = objectKeys.prediction(CLINIC, gradingId);
  await writeJson(house, outputLocation, prediction);
  await house.finished.send(completed(gradingId, outputLocation));
}

export function completed(gradingId: string, outputLocation: string): InferenceNotification {
  return { invocationStatus: "Completed", inferenceId: gradingId, responseParameters: { outputLocation } };
}

export async function writeJson(house: StationHouse, key: ObjectKey, value: unknown): Promise<void> {
  await house.objects.write(key, new TextEncoder().encode(JSON.stringify(value)));
}

/** All that outlives a station's run. A message that was sent twice counts once: queues deliver at least once anyway. */
export async function stateOf(house: StationHouse) {
  const distinct = (messages: readonly unknown[]) => [...new Set(messages.map((message) => JSON.stringify(message)))];
  return {
    gradings: house.gradings.all(),
    records: house.records.all(),
    objects: await house.objects.digests(),
    stored: distinct(house.stored.messages),
    cropJobs: distinct(house.cropJobs.messages),
    invocations: distinct(house.endpoint.messages),
    finished: distinct(house.finished.messages),
  };
}

/** An archive of a woman of 34 years that has been through ingest, and the crop job that came of it. */
export async function cropping() {
  const house = stationHouse();
  await ingestUpload(await receiveArchive(house, { ageYears: 34 }), house);
  return { house, job: house.cropJobs.messages[0]! };
}
