import { describe, expect, it } from "vitest";
import type { Prediction } from "../../core/contracts/prediction.ts";
import { ArchiveDamaged, ImageUnreadable, StorageUnavailable } from "../../core/errors.ts";
import type { PictureDecoder } from "../../core/ports.ts";
import { cropEmbryo } from "../../core/stations/crop.ts";
import { recordGrade } from "../../core/stations/grade.ts";
import { ingestUpload } from "../../core/stations/ingest.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import { announceStoredUploads, sweepGradings } from "../../core/stations/sweep.ts";
import { discSegmenter, failingArchives } from "../builders/memory-ports.ts";
import { phantomArchive } from "../builders/phantom-archive.ts";
import {
  answerInference,
  CLINIC,
  completed,
  GRADING,
  predictionOf,
  receiveArchive,
  type StationHouse,
  stateOf,
  stationHouse,
  writeJson,
} from "../builders/station-house.ts";
import { aGrading, digestOf } from "../contract/builders.ts";

const outage = new StorageUnavailable("The disk is full.");

describe("the ingest station", () => {
  it("hands a validated time-lapse and one crop job on", async () => {
    const house = stationHouse();
    const stored = await receiveArchive(house);

    await ingestUpload(stored, house);

    expect(house.cropJobs.messages).toEqual([{ clinicId: CLINIC, gradingId: GRADING }]);
    expect(await house.gradings.find(GRADING)).toMatchObject({
      status: "cropping",
      embryoId: "blastocyst-8",
      cycleId: "cycle-1",
      objectVersion: stored.version,
      archiveDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it.each([
    { said: 31, manifest: 36, taken: 31 },
    { said: null, manifest: 36, taken: 36 },
    { said: null, manifest: undefined, taken: null },
  ])("takes the upload's age before the manifest's: $said and $manifest", async ({ said, manifest, taken }) => {
    const house = stationHouse();
    const age = manifest === undefined ? {} : { ageYears: manifest };
    const archive = await phantomArchive({ capturedHpi: [117], manifest: age });

    await ingestUpload(await receiveArchive(house, { archive, ageYears: said }), house);

    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "cropping", ageYears: taken });
  });

  it("leaves an upload's second version alone", async () => {
    const house = stationHouse();
    const first = await receiveArchive(house);
    const second = await house.objects.write(first.key, new TextEncoder().encode("no zip"));
    await ingestUpload(first, house);
    const before = await stateOf(house);

    await ingestUpload(second, house);

    expect(await stateOf(house)).toEqual(before);
  });

  it("grades the version that was pinned, whichever is told of first afterwards", async () => {
    const house = stationHouse();
    const first = await receiveArchive(house);
    const second = await house.objects.write(first.key, new TextEncoder().encode("no zip"));
    await house.gradings.pinVersion(GRADING, first.version);

    await ingestUpload(second, house);
    await ingestUpload(first, house);

    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "cropping", objectVersion: first.version });
  });

  it.each([
    ["of no upload", "clips/north/grading-1.npz"],
    ["of an upload that nobody asked for", "uploads/north/another"],
    ["with a folder too many", "uploads/north/grading-1/again"],
  ])("leaves an object %s alone", async (_what, key) => {
    const house = stationHouse();
    await receiveArchive(house);
    const object = await house.objects.write(key, new TextEncoder().encode("no zip"));
    const before = await stateOf(house);

    await ingestUpload(object, house);

    expect(await stateOf(house)).toEqual(before);
  });

  it("records what is wrong with an archive, and asks for no crop", async () => {
    const house = stationHouse();
    const archives = failingArchives(new ArchiveDamaged("The zip is cut off. Upload it again."));

    await ingestUpload(await receiveArchive(house), { ...house, archives });

    expect(await house.gradings.find(GRADING)).toMatchObject({
      status: "rejected",
      rejection: { code: "ARCHIVE_DAMAGED", detail: "The zip is cut off. Upload it again." },
    });
    expect(house.cropJobs.messages).toEqual([]);
  });

  it("names the embryo of an archive that is rejected after its manifest was read", async () => {
    const house = stationHouse();
    const archive = await phantomArchive({ capturedHpi: [80] });

    await ingestUpload(await receiveArchive(house, { archive }), house);

    expect(await house.gradings.find(GRADING)).toMatchObject({
      embryoId: "blastocyst-8",
      rejection: { code: "NO_BLASTOCYST_STAGE" },
    });
  });

  it.each([
    ["an outage", outage],
    ["an error of nobody's", new TypeError("x is not a function")],
  ])("throws %s back and leaves the grading open", async (_what, error) => {
    const house = stationHouse();

    const ingested = ingestUpload(await receiveArchive(house), { ...house, archives: failingArchives(error) });

    await expect(ingested).rejects.toBe(error);
    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "received", rejection: null });
  });
});

describe("the crop station", () => {
  it("writes the clip and the preview, and asks the model", async () => {
    const { house, job } = await cropping();

    await cropEmbryo(job, house);

    const clipKey = objectKeys.clip(CLINIC, GRADING);
    const clip = house.clips.decode(await house.objects.read(clipKey));
    expect(house.endpoint.messages).toEqual([{ gradingId: GRADING, clipKey }]);
    expect([...clip.hpi]).toEqual([117]);
    expect(await house.objects.head(objectKeys.preview(CLINIC, GRADING))).not.toBeNull();
    expect(await house.gradings.find(GRADING)).toMatchObject({
      status: "grading",
      sequence: { framesUsed: 1, focalPlanesUm: [-45, 0, 45] },
      warnings: [{ code: "SINGLE_FRAME" }],
    });
  });

  it("finishes what ingest was killed before: the grading knows its archive and age", async () => {
    const { house, job } = await cropping();
    const { archiveDigest } = (await house.gradings.find(GRADING))!;
    await house.gradings.change(GRADING, ["cropping"], { status: "received", archiveDigest: null, ageYears: null });

    await cropEmbryo(job, house);

    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "grading", archiveDigest, ageYears: 34 });
  });

  it("asks the model again, and crops no second time, where the clip is there", async () => {
    const { house, job } = await cropping();
    await cropEmbryo(job, house);

    await cropEmbryo(job, { ...house, archives: failingArchives(new Error("read again")) });

    expect(house.endpoint.messages).toHaveLength(2);
  });

  it("rejects an empty well", async () => {
    const { house, job } = await cropping();

    await cropEmbryo(job, { ...house, segmenter: discSegmenter({ radius: 0 }) });

    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "rejected", rejection: { code: "EMPTY_WELL" } });
    expect(house.endpoint.messages).toEqual([]);
  });

  it("rejects a picture that cannot be read", async () => {
    const { house, job } = await cropping();
    const pictures = { decodeGrey: () => Promise.reject(new ImageUnreadable("The picture is cut off.")) };

    await cropEmbryo(job, { ...house, pictures });

    expect(await house.gradings.find(GRADING)).toMatchObject({ rejection: { code: "IMAGE_UNREADABLE" } });
  });

  it("names the file of a picture that cannot be read", async () => {
    const { house, job } = await cropping();
    let decoded = 0;
    const decodeGrey: PictureDecoder["decodeGrey"] = async (bytes) => {
      if (++decoded === 2) throw new ImageUnreadable("The picture is cut off.");
      return house.pictures.decodeGrey(bytes);
    };

    await cropEmbryo(job, { ...house, pictures: { decodeGrey } });

    expect(await house.gradings.find(GRADING)).toMatchObject({
      rejection: { code: "IMAGE_UNREADABLE", detail: "frames/117h_0um.jpg: The picture is cut off." },
    });
  });

  it("throws an error of nobody's in decoding back as it is", async () => {
    const { house, job } = await cropping();
    const error = new TypeError("x is not a function");
    const pictures = { decodeGrey: () => Promise.reject(error) };

    await expect(cropEmbryo(job, { ...house, pictures })).rejects.toBe(error);
  });

  it("rejects an upload whose archive is gone", async () => {
    const { house, job } = await cropping();
    const objects = { ...house.objects, head: async () => null };

    await cropEmbryo(job, { ...house, objects });

    expect(await house.gradings.find(GRADING)).toMatchObject({ rejection: { code: "OBJECT_MISSING" } });
  });

  it("throws an outage back and leaves the grading open", async () => {
    const { house, job } = await cropping();
    const endpoint = { invoke: () => Promise.reject(outage) };

    await expect(cropEmbryo(job, { ...house, endpoint })).rejects.toBe(outage);

    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "grading", rejection: null });
  });

  it.each(["graded", "rejected"] as const)("leaves a grading that is %s alone", async (status) => {
    const { house, job } = await cropping();
    await house.gradings.change(GRADING, ["cropping"], { status });
    const before = await stateOf(house);

    await cropEmbryo(job, house);
    await cropEmbryo({ ...job, gradingId: "another" }, house);

    expect(await stateOf(house)).toEqual(before);
  });
});

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

describe("the sweep", () => {
  const LIMITS = { idleSeconds: 300, uploadSeconds: 7200 };

  it("sends each grading that stopped to the station it stopped at", async () => {
    const house = stationHouse();
    const stored = await receiveArchive(house, { gradingId: "uploaded" });
    await receiveArchive(house, { gradingId: "cropping", status: "cropping" });
    await receiveArchive(house, { gradingId: "asked", status: "grading" });
    await receiveArchive(house, { gradingId: "answered", status: "grading" });
    const answer = objectKeys.prediction(CLINIC, "answered");
    await writeJson(house, answer, {});
    house.clock.passSeconds(600);

    const sent = await sweepGradings(house, LIMITS);

    expect(sent).toBe(4);
    expect(house.stored.messages).toEqual([stored]);
    expect(new Set(house.cropJobs.messages.map(({ gradingId }) => gradingId))).toEqual(new Set(["cropping", "asked"]));
    expect(house.finished.messages).toEqual([completed("answered", answer)]);
  });

  it("sends the version that is pinned, not the newest", async () => {
    const house = stationHouse();
    const first = await receiveArchive(house);
    await house.objects.write(first.key, new Uint8Array(1));
    await house.gradings.pinVersion(GRADING, first.version);
    house.clock.passSeconds(600);

    await sweepGradings(house, LIMITS);

    expect(house.stored.messages).toEqual([first]);
  });

  it("sends a grading again only after it has been idle for that long again", async () => {
    const house = stationHouse();
    await receiveArchive(house, { gradingId: "uploaded" });
    await receiveArchive(house, { gradingId: "cropping", status: "cropping" });
    house.clock.passSeconds(600);

    const sent = [];
    for (const seconds of [0, 60, 60, 300]) {
      house.clock.passSeconds(seconds);
      sent.push(await sweepGradings(house, LIMITS));
    }

    expect(sent).toEqual([2, 0, 0, 2]);
  });

  it("closes an upload that never came, and says to ask for a new form", async () => {
    const house = stationHouse();
    await house.gradings.create(aGrading({ gradingId: "never-uploaded" }));
    await receiveArchive(house, { gradingId: "uploaded" });
    house.clock.passSeconds(7201);

    await sweepGradings(house, LIMITS);

    const rejection = { code: "UPLOAD_EXPIRED", detail: expect.stringContaining("Ask for a new form") };
    expect(await house.gradings.find("never-uploaded")).toMatchObject({ status: "rejected", rejection });
    expect(await house.gradings.find("uploaded")).toMatchObject({ status: "received", rejection: null });
  });

  it("leaves an upload open that is pinned at the moment it would be closed", async () => {
    const house = stationHouse();
    await house.gradings.create(aGrading({ gradingId: GRADING }));
    house.clock.passSeconds(7201);
    const objects = {
      ...house.objects,
      async head() {
        await house.gradings.pinVersion(GRADING, "1");
        return null;
      },
    };

    await sweepGradings({ ...house, objects }, LIMITS);

    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "received", objectVersion: "1" });
  });

  it("leaves what moved lately, what has ended, and what was never uploaded", async () => {
    const house = stationHouse();
    await receiveArchive(house, { gradingId: "graded", status: "graded" });
    await receiveArchive(house, { gradingId: "rejected", status: "rejected" });
    const [template] = house.gradings.all();
    await house.gradings.create({ ...template!, gradingId: "never-uploaded", status: "received" });
    house.clock.passSeconds(600);
    const now = house.clock.now().toISOString();
    await receiveArchive(house, { gradingId: "moving", status: "cropping", updatedAt: now });

    const sent = await sweepGradings(house, LIMITS);

    expect(sent).toBe(0);
    expect(house.cropJobs.messages).toEqual([]);
  });
});

describe("a start", () => {
  it("announces the uploads whose event was never sent, and nothing that has a message", async () => {
    const house = stationHouse();
    const unannounced = await receiveArchive(house, { gradingId: "unannounced" });
    await receiveArchive(house, { gradingId: "pinned", objectVersion: "1" });
    await receiveArchive(house, { gradingId: "cropping", status: "cropping" });
    await receiveArchive(house, { gradingId: "asked", status: "grading" });
    await house.gradings.create(aGrading({ gradingId: "never-uploaded" }));
    house.clock.passSeconds(1);

    const sent = await announceStoredUploads(house);

    expect(sent).toBe(1);
    expect(house.stored.messages).toEqual([unannounced]);
    expect([...house.cropJobs.messages, ...house.finished.messages]).toEqual([]);
  });
});

/** An archive of a woman of 34 years that has been through ingest. */
async function cropping() {
  const house = stationHouse();
  await ingestUpload(await receiveArchive(house, { ageYears: 34 }), house);
  return { house, job: house.cropJobs.messages[0]! };
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
