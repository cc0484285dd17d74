import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyOfLocation, objectKeys, predictionOfClip, uploadOf } from "../../core/stations/keys.ts";

const token = fc.stringMatching(/^[A-Za-z0-9-]{1,64}$/);

describe("objectKeys", () => {
  it("name an upload so that its clinic and grading can be read back", () => {
    fc.assert(
      fc.property(token, token, (clinicId, gradingId) => {
        const key = objectKeys.upload(clinicId, gradingId);

        expect(uploadOf(key)).toEqual({ clinicId, gradingId });
      }),
    );
  });

  it("name the prediction of a clip after the clip", () => {
    fc.assert(
      fc.property(token, token, (clinicId, gradingId) => {
        const clip = objectKeys.clip(clinicId, gradingId);

        expect(predictionOfClip(clip)).toBe(objectKeys.prediction(clinicId, gradingId));
      }),
    );
  });

  it("are never the same for two kinds, clinics or gradings", () => {
    const kinds = Object.values(objectKeys);
    fc.assert(
      fc.property(token, token, token, token, (clinic, grading, otherClinic, otherGrading) => {
        const keys = new Set(kinds.flatMap((key) => [key(clinic, grading), key(otherClinic, otherGrading)]));

        const isSame = clinic === otherClinic && grading === otherGrading;
        expect(keys.size).toBe(isSame ? kinds.length : 2 * kinds.length);
      }),
    );
  });
});

describe("uploadOf", () => {
  it.each([
    "",
    "uploads",
    "uploads/north",
    "uploads/north/",
    "uploads//g-1",
    "uploads/north/g-1/more",
    "uploads/north/../g-1",
    "uploads/../g-1",
    "/uploads/north/g-1",
    "clips/north/g-1",
    "uploads/north/g-1.npz",
    "uploads/north/g_1",
    "uploads/north/g-1\n",
    `uploads/north/${"g".repeat(65)}`,
  ])("takes %j for no upload", (key) => {
    expect(uploadOf(key)).toBeNull();
  });
});

describe("keyOfLocation", () => {
  it("is the key within a bucket", () => {
    expect(keyOfLocation("s3://a-bucket/predictions/north/g-1.json")).toBe("predictions/north/g-1.json");
  });

  it("is the location itself where it is a key already", () => {
    expect(keyOfLocation("predictions/north/g-1.json")).toBe("predictions/north/g-1.json");
  });
});
