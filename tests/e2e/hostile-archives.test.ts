import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uploadArchive } from "../../cli/client.ts";
import * as zips from "../builders/hostile-zips.ts";
import { expectRejection, expectStillGrading, type LocalClinic, openLocalClinic } from "../builders/local-clinic.ts";
import { blobOf, filesOf, loosePhantom, phantomArchive } from "../builders/phantom-archive.ts";

const MANIFEST = "manifest.json";
const FRAME = "frames/117h_0um.jpg";

describe("hostile archives", () => {
  let clinic: LocalClinic;
  let files: Record<string, Uint8Array>;

  beforeAll(async () => {
    clinic = await openLocalClinic();
    files = filesOf(await loosePhantom());
  });
  afterAll(() => clinic.close());

  it.each<[string, () => Uint8Array | Promise<Uint8Array>, string]>([
    ["a text", () => zips.notAZip(), "NOT_A_ZIP"],
    ["an upload without bytes", () => zips.emptyUpload(), "ARCHIVE_EMPTY"],
    ["a zip without entries", () => zips.emptyZip(), "ARCHIVE_EMPTY"],
    ["a truncated zip", () => zips.truncatedZip(files), "ARCHIVE_DAMAGED"],
    ["a zip without its last byte", async () => (await zips.zipOf(files)).subarray(0, -1), "ARCHIVE_DAMAGED"],
    ["a manifest that lies about its size", () => zips.lyingSizeZip(files, MANIFEST), "ARCHIVE_DAMAGED"],
    ["a frame that lies about its size", () => zips.lyingSizeZip(files, FRAME), "ARCHIVE_DAMAGED"],
    ["a frame with another checksum", () => zips.wrongCrcZip(files, FRAME), "ARCHIVE_DAMAGED"],
    ["a bomb that says so", () => zips.bombZip(files), "ARCHIVE_TOO_LARGE"],
    ["a bomb that lies", () => zips.lyingBombZip(files, FRAME), "ARCHIVE_DAMAGED"],
    ["entries that share their bytes", () => zips.overlappingZip(files, MANIFEST, FRAME), "ARCHIVE_DAMAGED"],
    ["a name twice", () => zips.duplicateNameZip(files, FRAME), "ARCHIVE_DAMAGED"],
    ["a name that leaves the archive", () => zips.traversalNameZip(files), "UNSAFE_ENTRY_NAME"],
    ["an absolute name", () => zips.absoluteNameZip(files), "UNSAFE_ENTRY_NAME"],
    ["an encrypted frame", () => zips.encryptedZip(files, FRAME), "ARCHIVE_UNSUPPORTED"],
  ])("rejects %s and goes on grading", async (_what, build, code) => {
    const archive = blobOf(await build());

    const answer = await clinic.upload(archive);

    expectRejection(answer, code);
    await expectStillGrading(clinic);
  });

  it("ends every one of many uploads that come at once, good and bad, each by itself", async () => {
    const bad = [zips.notAZip(), await zips.truncatedZip(files), await zips.wrongCrcZip(files, FRAME)].map(blobOf);
    const archives = [bad[0]!, await phantomArchive(), bad[1]!, bad[2]!, await phantomArchive({ seed: 9 })];

    const ids = await Promise.all(archives.map((archive) => uploadArchive(clinic.send, archive)));
    await clinic.idle();

    const answers = await Promise.all(ids.map((id) => clinic.answerOf(`/v1/uploads/${id}`)));
    expect(answers.map(({ status, rejection }) => rejection?.code ?? status)).toEqual([
      "NOT_A_ZIP",
      "graded",
      "ARCHIVE_DAMAGED",
      "ARCHIVE_DAMAGED",
      "graded",
    ]);
  });
});
