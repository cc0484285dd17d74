import { describe, expect, it } from "vitest";
import { ImageUnreadable, StorageUnavailable } from "../../core/errors.ts";
import type { PictureDecoder } from "../../core/ports.ts";
import { cropEmbryo } from "../../core/stations/crop.ts";
import { recordGrade } from "../../core/stations/grade.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import { discSegmenter, failingArchives } from "../builders/memory-ports.ts";
import {
  answerInference,
  CLINIC,
  cropping,
  GRADING,
  type InferenceRequest,
  stateOf,
} from "../builders/station-house.ts";

const outage = new StorageUnavailable("The disk is full.");

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

  it("asks the model no second time while its request may wait", async () => {
    const { house, job } = await cropping();
    await cropEmbryo(job, house);

    await cropEmbryo(job, { ...house, archives: failingArchives(new Error("read again")) });

    expect(house.endpoint.messages).toHaveLength(1);
    const askedAt = house.clock.now().toISOString();
    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "grading", askedAt });
  });

  it("asks the model again, and crops no second time, where the sweep says so", async () => {
    const { house, job } = await cropping();
    await cropEmbryo(job, house);
    await house.gradings.change(GRADING, ["grading"], { askedAt: null });

    await cropEmbryo(job, { ...house, archives: failingArchives(new Error("read again")) });

    expect(house.endpoint.messages).toHaveLength(2);
  });

  it("leaves the grades alone that are there before it has noted its request", async () => {
    const { house, job } = await cropping();
    const endpoint = {
      async invoke(request: InferenceRequest) {
        await answerInference(house, request);
        await recordGrade(house.finished.messages[0]!, house);
      },
    };

    await cropEmbryo(job, { ...house, endpoint });

    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "graded", askedAt: null });
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
