import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  expectGrades,
  expectRejection,
  expectStillGrading,
  type LocalClinic,
  openLocalClinic,
} from "../builders/local-clinic.ts";
import {
  filesOf,
  type LooseArchive,
  loosePhantom,
  packed,
  packedFiles,
  phantomArchive,
} from "../builders/phantom-archive.ts";

describe("odd manifests", () => {
  let clinic: LocalClinic;
  let archive: LooseArchive;

  beforeAll(async () => {
    clinic = await openLocalClinic();
    archive = await loosePhantom();
  });
  afterAll(() => clinic.close());

  /** The archive with another text as its manifest. */
  const withManifest = async (text: string) => {
    return packedFiles({ ...filesOf(archive), "manifest.json": new TextEncoder().encode(text) });
  };
  /** The archive with its manifest's first frame changed. */
  const withFirstFrame = (change: object) => {
    const [first, ...others] = archive.manifest.frames;
    return withManifest(JSON.stringify({ ...archive.manifest, frames: [{ ...first, ...change }, ...others] }));
  };
  const withoutManifest = () => packedFiles(archive.pictures);
  const inFolder = () => {
    const moved = Object.entries(filesOf(archive)).map(([name, bytes]) => [`embryo/${name}`, bytes]);
    return packedFiles(Object.fromEntries(moved));
  };
  const withoutFrames = () => withManifest(JSON.stringify({ ...archive.manifest, frames: [] }));
  const ofLaterVersion = () =>
    withManifest(JSON.stringify({ ...archive.manifest, schema: "blastograde/time-lapse@9" }));
  const withEmbryoId = (embryoId: unknown) => withManifest(JSON.stringify({ ...archive.manifest, embryoId }));
  const withAge = (ageYears: number) => withManifest(JSON.stringify({ ...archive.manifest, ageYears }));
  const withFrameTwice = () => {
    const [first, ...others] = archive.manifest.frames;
    return withManifest(JSON.stringify({ ...archive.manifest, frames: [first, first, ...others] }));
  };
  const withTwoFilesOfOnePosition = () => {
    const { hpi, focalPlaneUm } = archive.manifest.frames[1]!;
    return withFirstFrame({ hpi, focalPlaneUm });
  };
  const withWordAsHpi = (word: string) =>
    withManifest(JSON.stringify(archive.manifest).replace('"hpi":91,', `"hpi":${word},`));

  it.each<[string, () => Promise<Blob>, string]>([
    ["an archive without a manifest", withoutManifest, "MANIFEST_MISSING"],
    ["an archive packed within a folder", inFolder, "MANIFEST_MISSING"],
    ["a manifest that is no JSON", () => withManifest("embryo 7, slide 3"), "MANIFEST_INVALID"],
    ["a manifest without bytes", () => withManifest(""), "MANIFEST_INVALID"],
    ["a manifest that is a list", () => withManifest("[]"), "MANIFEST_INVALID"],
    ["a manifest of a later version", ofLaterVersion, "MANIFEST_INVALID"],
    ["a manifest without frames", withoutFrames, "MANIFEST_INVALID"],
    ["an embryo id of nothing", () => withEmbryoId(""), "MANIFEST_INVALID"],
    ["an embryo id that is a number", () => withEmbryoId(7), "MANIFEST_INVALID"],
    ["an embryo id of a thousand letters", () => withEmbryoId("x".repeat(1000)), "MANIFEST_INVALID"],
    ["an embryo id with a line break", () => withEmbryoId("a\nb"), "MANIFEST_INVALID"],
    ["an age of 12 years", () => withAge(12), "AGE_OUT_OF_RANGE"],
    ["a frame that the archive does not hold", () => withFirstFrame({ file: "frames/x.jpg" }), "FRAME_FILE_MISSING"],
    ["a frame outside the archive", () => withFirstFrame({ file: "../../etc/passwd" }), "FRAME_FILE_MISSING"],
    ["a frame named like every object's parent", () => withFirstFrame({ file: "__proto__" }), "FRAME_FILE_MISSING"],
    ["a frame listed twice", withFrameTwice, "FRAME_REPEATED"],
    ["two frames of one time and plane", withTwoFilesOfOnePosition, "FRAME_REPEATED"],
    ["a negative hpi", () => withFirstFrame({ hpi: -3 }), "MANIFEST_INVALID"],
    ["an hpi of NaN", () => withWordAsHpi("NaN"), "MANIFEST_INVALID"],
    ['an hpi of "NaN"', () => withWordAsHpi('"NaN"'), "MANIFEST_INVALID"],
    ["an hpi of null, as some write NaN", () => withWordAsHpi("null"), "MANIFEST_INVALID"],
    ["an hpi past every number", () => withWordAsHpi("1e999"), "MANIFEST_INVALID"],
    ["a time-lapse that ends before 90 hpi", () => phantomArchive({ capturedHpi: [70, 89.9] }), "NO_BLASTOCYST_STAGE"],
    ["a single focal plane", () => phantomArchive({ focalPlanesUm: [0] }), "FOCAL_PLANES_MISSING"],
  ])("rejects %s and goes on grading", async (_what, build, code) => {
    const bad = await build();

    const answer = await clinic.upload(bad);

    expectRejection(answer, code);
    await expectStillGrading(clinic);
  });

  it("shows a rejection beside its embryo once the manifest could be read", async () => {
    const bad = await phantomArchive({ kind: "arrested", focalPlanesUm: [0] });

    await clinic.upload(bad);

    const embryo = await clinic.answerOf("/v1/embryos/arrested-8");
    expectRejection(embryo, "FOCAL_PLANES_MISSING");
  });

  it("sorts frames that are out of order in time, says so, and sees what it would have seen", async () => {
    const ordered = await clinic.upload(await packed(archive));
    const frames = archive.manifest.frames.toReversed();

    const answer = await clinic.upload(await packed({ ...archive, manifest: { ...archive.manifest, frames } }));

    expectGrades(answer, "SHORT_SEQUENCE", "FRAMES_OUT_OF_ORDER");
    expect(answer.sequence).toEqual(ordered.sequence);
    expect(answer.icm).toEqual(ordered.icm);
    expect(answer.te).toEqual(ordered.te);
  });

  it("takes the nearest plane for a missing one, and says which", async () => {
    const withoutTop = await phantomArchive({ focalPlanesUm: [-45, -15, 0, 15, 30] });

    const answer = await clinic.upload(withoutTop);

    expectGrades(answer, "SHORT_SEQUENCE", "FOCAL_PLANE_SUBSTITUTED");
    expect(answer.sequence?.focalPlanesUm).toEqual([-45, 0, 30]);
    const warning = answer.warnings.find(({ code }) => code === "FOCAL_PLANE_SUBSTITUTED");
    expect(warning?.detail).toContain("45 um");
  });

  it("takes positions that an instrument rounded as the planes they are", async () => {
    const rounded = await phantomArchive({ focalPlanesUm: [-44.6, 0.3, 45.2] });

    const answer = await clinic.upload(rounded);

    expectGrades(answer, "SHORT_SEQUENCE");
    expect(answer.sequence?.focalPlanesUm).toEqual([-44.6, 0.3, 45.2]);
  });

  it("leaves alone what the manifest says beyond its schema", async () => {
    const chatty = await withManifest(JSON.stringify({ ...archive.manifest, software: "7.9", well: { number: 3 } }));

    const answer = await clinic.upload(chatty);

    expectGrades(answer, "SHORT_SEQUENCE");
  });
});
