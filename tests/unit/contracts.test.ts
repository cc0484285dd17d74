import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CalibrationMatrix } from "../../core/contracts/bundle.ts";
import { ClipMeta } from "../../core/contracts/clip.ts";
import { GradeDistribution } from "../../core/contracts/grades.ts";
import { UploadRequest } from "../../core/contracts/http.ts";
import { AgeYears, ClinicId, CycleId, EmbryoId, GradingId, Sha256 } from "../../core/contracts/identifiers.ts";
import { InferenceNotification } from "../../core/contracts/messages.ts";
import { Prediction } from "../../core/contracts/prediction.ts";
import { Frame } from "../../core/contracts/time-lapse.ts";

const takes = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown) =>
  schema.safeParse(value).success;

describe.each([
  ["a grading id", GradingId],
  ["a clinic id", ClinicId],
])("%s", (_, Id) => {
  it("is 1 to 64 letters, digits and hyphens, as the endpoint's inference id is", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9-]{1,64}$/), (id) => {
        expect(takes(Id, id)).toBe(true);
      }),
    );
  });

  it.each([
    "",
    "a".repeat(65),
    "..",
    "a/b",
    "a\\b",
    "a b",
    "a.b",
    "a_b",
    "a\n",
    "\na",
    "a\0",
    "ä",
    "a%2Fb",
    "'; drop table gradings; --",
    null,
    7,
  ])("is never %j", (id) => {
    expect(takes(Id, id)).toBe(false);
  });
});

describe.each([
  ["an embryo's name", EmbryoId],
  ["a cycle's name", CycleId],
])("%s", (_, Name) => {
  it.each(["1", "Slide 4 / well 12", "胚-3", "Ø", "../../etc/passwd", "<script>", "a".repeat(128)])(
    "may be %j: it is a clinic's own, and never a path or a page's code",
    (name) => {
      expect(takes(Name, name)).toBe(true);
    },
  );

  it.each(["", " ", " a", "a ", "a\tb", "a\nb", "a\0b", "a\u0085b", "\ud800", "a".repeat(129), null, 7])(
    "is never %j",
    (name) => {
      expect(takes(Name, name)).toBe(false);
    },
  );
});

describe("a SHA-256", () => {
  it("is 64 lower-case hexadecimal digits", () => {
    expect(takes(Sha256, "0123456789abcdef".repeat(4))).toBe(true);
    expect(takes(Sha256, "0123456789ABCDEF".repeat(4))).toBe(false);
    expect(takes(Sha256, "a".repeat(63))).toBe(false);
    expect(takes(Sha256, `${"a".repeat(64)}\n`)).toBe(false);
  });
});

describe("an age", () => {
  it("is 18 to 55 years", () => {
    expect([17.99, 18, 55, 55.01, Number.NaN, "34"].map((age) => takes(AgeYears, age))).toEqual([
      false,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe("a grade distribution", () => {
  it("sums to 1 as nearly as float32 does", () => {
    expect(takes(GradeDistribution, { A: 0.2, B: 0.7, C: 0.1 })).toBe(true);
    expect(takes(GradeDistribution, { A: 0.20003, B: 0.7, C: 0.1 })).toBe(true);
  });

  it.each([
    { A: 0.2, B: 0.7, C: 0.1002 },
    { A: 0.2, B: 0.7, C: 0 },
    { A: 1.2, B: -0.1, C: -0.1 },
    { A: Number.NaN, B: 0.5, C: 0.5 },
    { A: Number.POSITIVE_INFINITY, B: 0, C: 0 },
    { A: null, B: 0.5, C: 0.5 },
    { A: "0.5", B: 0.5, C: 0 },
    { A: 0.5, B: 0.5 },
    [0.2, 0.7, 0.1],
  ])("is never %j", (distribution) => {
    expect(takes(GradeDistribution, distribution)).toBe(false);
  });
});

describe("a calibration matrix", () => {
  it("has columns that sum to 1, not rows", () => {
    const columns = [
      [0.9, 0.3, 0],
      [0.1, 0.6, 0.2],
      [0, 0.1, 0.8],
    ];
    const rows = columns.map((_, k) => columns.map((row) => row[k]));

    expect(takes(CalibrationMatrix, columns)).toBe(true);
    expect(takes(CalibrationMatrix, rows)).toBe(false);
  });
});

describe("a prediction", () => {
  const structure = { scores: { A: 0.2, B: 0.7, C: 0.1 }, probabilities: { A: 0.25, B: 0.6, C: 0.15 } };
  const sound = {
    schema: "blastograde/prediction@1",
    classOrder: ["A", "B", "C"],
    model: "demo",
    modelSha256: "a".repeat(64),
    demo: true,
    clipSha256: "b".repeat(64),
    framesUsed: 30,
    icm: structure,
    te: structure,
  };

  it("parses when it is sound", () => {
    expect(takes(Prediction, sound)).toBe(true);
  });

  it.each<[string, object]>([
    ["classes in another order", { classOrder: ["C", "B", "A"] }],
    ["a NaN, which JSON turns into null", { icm: { ...structure, scores: { A: null, B: 0.7, C: 0.1 } } }],
    ["probabilities whose sum is off 1", { te: { ...structure, probabilities: { A: 0.3, B: 0.6, C: 0.15 } } }],
    ["more frames than the network takes", { framesUsed: 31 }],
    ["no frame", { framesUsed: 0 }],
    ["a digest that is none", { clipSha256: "unknown" }],
    ["one structure", { te: undefined }],
  ])("does not parse with %s", (_, change) => {
    expect(takes(Prediction, { ...sound, ...change })).toBe(false);
  });
});

describe("a frame", () => {
  it.each<[string, object]>([
    ["a negative time", { hpi: -0.1 }],
    ["a time that is NaN", { hpi: Number.NaN }],
    ["a time no incubator reaches", { hpi: 401 }],
    ["a focal plane outside any well", { focalPlaneUm: 501 }],
    ["no file", { file: "" }],
  ])("does not parse with %s", (_, change) => {
    const sound = { file: "a.jpg", hpi: 100, focalPlaneUm: 0 };

    expect(takes(Frame, sound)).toBe(true);
    expect(takes(Frame, { ...sound, ...change })).toBe(false);
  });
});

describe("a clip's own description", () => {
  it("has no room for a grading id: the same clip has the same bytes", () => {
    const meta = {
      schema: "blastograde/clip@1",
      archiveDigest: "a".repeat(64),
      cropperSha256: "b".repeat(64),
      ageYears: null,
    };

    expect(takes(ClipMeta, meta)).toBe(true);
    expect(takes(ClipMeta, { ...meta, gradingId: "g-1" })).toBe(false);
  });
});

describe("an upload request", () => {
  it("may be empty, and knows no other key", () => {
    expect(UploadRequest.parse({})).toEqual({ kind: "time-lapse" });
    expect(takes(UploadRequest, { ageYears: 34 })).toBe(true);
    expect(takes(UploadRequest, { agYears: 34 })).toBe(false);
  });

  it("says of a still what no manifest will", () => {
    const still = { kind: "still", embryoId: "E 17", cycleId: "C 4", ageYears: 34 };

    expect(UploadRequest.parse(still)).toEqual(still);
    expect(takes(UploadRequest, { kind: "still" })).toBe(false);
    expect(takes(UploadRequest, { kind: "time-lapse", embryoId: "E 17" })).toBe(false);
  });
});

describe("an inference notification", () => {
  it("has an output when completed, and a reason when failed", () => {
    const completed = {
      invocationStatus: "Completed",
      inferenceId: "g-1",
      responseParameters: { outputLocation: "s3://b/k" },
    };

    expect(takes(InferenceNotification, completed)).toBe(true);
    expect(takes(InferenceNotification, { ...completed, responseParameters: {} })).toBe(false);
    expect(InferenceNotification.parse({ invocationStatus: "Failed", inferenceId: "g-1" })).toMatchObject({
      failureReason: "no reason given",
    });
  });

  it("of a failure can be read whatever is sent along with it", () => {
    const failed = { invocationStatus: "Failed", inferenceId: "g-1", failureReason: "died" };

    const read = [undefined, null, "text", { content: 7 }, { content: "e30=" }].map((responseBody) =>
      InferenceNotification.parse({ ...failed, responseBody }),
    );

    expect(read).toMatchObject(new Array(5).fill(failed));
    expect(read.at(-1)).toMatchObject({ responseBody: { content: "e30=" } });
  });

  it("takes what SageMaker sends beside what we read", () => {
    const notification = {
      awsRegion: "eu-west-1",
      eventTime: "2026-01-01T00:00:00Z",
      invocationStatus: "Completed",
      inferenceId: "g-1",
      requestParameters: { endpointName: "e", inputLocation: "s3://b/clips/north/g-1.npz" },
      responseParameters: { contentType: "application/json", outputLocation: "s3://b/predictions/north/g-1.json" },
    };

    expect(takes(InferenceNotification, notification)).toBe(true);
  });
});
