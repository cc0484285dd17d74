import { describe, expect, it } from "vitest";
import { STILL_BYTES_AT_MOST } from "../../core/contracts/still.ts";
import { ingestUpload } from "../../core/stations/ingest.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import { emptyZip } from "../builders/hostile-zips.ts";
import { blobOf, phantomArchive, phantomStill } from "../builders/phantom-archive.ts";
import { CLINIC, GRADING, receiveArchive, receiveStill, stationHouse } from "../builders/station-house.ts";
import { digestOf } from "../contract/builders.ts";

describe("the ingest station, of a still", () => {
  it("hands on what the upload said, with the digest of the picture's bytes, and asks for one crop", async () => {
    const house = stationHouse();
    const picture = new TextEncoder().encode("a picture");
    const stored = await receiveStill(house, { picture, ageYears: 34 });

    await ingestUpload(stored, house);

    const json = await house.objects.read(objectKeys.timeLapse(CLINIC, GRADING));
    expect(JSON.parse(new TextDecoder().decode(json))).toEqual({
      schema: "blastograde/ingested-still@1",
      archiveKey: stored.key,
      archiveVersion: stored.version,
      archiveDigest: digestOf("a picture"),
      embryoId: "still 8",
      cycleId: "cycle 1",
      ageYears: 34,
    });
    expect(house.cropJobs.messages).toEqual([{ clinicId: CLINIC, gradingId: GRADING }]);
    expect(await house.gradings.find(GRADING)).toMatchObject({
      ...{ status: "cropping", kind: "still", embryoId: "still 8", cycleId: "cycle 1", ageYears: 34 },
      ...{ objectVersion: stored.version, archiveDigest: digestOf("a picture") },
    });
  });

  it("leaves a second version alone", async () => {
    const house = stationHouse();
    const first = await receiveStill(house);
    const second = await house.objects.write(first.key, await phantomStill({ seed: 9 }));

    await ingestUpload(first, house);
    const { archiveDigest } = (await house.gradings.find(GRADING))!;
    await ingestUpload(second, house);

    expect(await house.gradings.find(GRADING)).toMatchObject({ status: "cropping", archiveDigest });
    expect(house.cropJobs.messages).toHaveLength(1);
  });

  it.each<[string, () => Promise<Blob>]>([
    ["an archive", () => phantomArchive({ capturedHpi: [117] })],
    ["a zip without entries", async () => blobOf(await emptyZip())],
  ])("tells whoever uploads %s as a still which kind it is of", async (_what, build) => {
    const house = stationHouse();
    const announced = { embryoId: "still 8", cycleId: null };
    const stored = await receiveArchive(house, { archive: await build(), kind: "still", announced });

    await ingestUpload(stored, house);

    expect(await house.gradings.find(GRADING)).toMatchObject({
      status: "rejected",
      embryoId: "still 8",
      rejection: { code: "WRONG_KIND", detail: expect.stringContaining("the kind time-lapse") },
    });
    expect(house.cropJobs.messages).toEqual([]);
  });

  it("reads no file that is past any picture", async () => {
    const house = stationHouse();
    const stored = await receiveStill(house);
    const objects = {
      ...house.objects,
      head: async () => ({ ...stored, size: STILL_BYTES_AT_MOST + 1 }),
      readRange: () => Promise.reject(new Error("read")),
    };

    await ingestUpload(stored, { ...house, objects });

    expect(await house.gradings.find(GRADING)).toMatchObject({ rejection: { code: "IMAGE_TOO_LARGE" } });
  });
});
