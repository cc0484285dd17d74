import { describe, expect, it } from "vitest";
import { ArchiveDamaged, StorageUnavailable } from "../../core/errors.ts";
import { ingestUpload } from "../../core/stations/ingest.ts";
import { failingArchives } from "../builders/memory-ports.ts";
import { blobOf, phantomArchive, phantomStill } from "../builders/phantom-archive.ts";
import { CLINIC, GRADING, receiveArchive, stateOf, stationHouse } from "../builders/station-house.ts";

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

  it("tells whoever uploads a picture as an archive which kind it is of", async () => {
    const house = stationHouse();
    const archive = blobOf(await phantomStill());

    await ingestUpload(await receiveArchive(house, { archive }), house);

    expect(await house.gradings.find(GRADING)).toMatchObject({
      status: "rejected",
      rejection: { code: "WRONG_KIND", detail: expect.stringContaining("the kind still") },
    });
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
