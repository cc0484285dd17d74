import type { Grading } from "../contracts/grading.ts";
import type { CropJob, UploadStored } from "../contracts/messages.ts";
import type { IngestedUpload } from "../contracts/still.ts";
import type { TimeLapse } from "../contracts/time-lapse.ts";
import { isBlastogradeError, ObjectMissing, WrongKind } from "../errors.ts";
import { BEGINNING_BYTES, pictureFormat } from "../file-beginnings.ts";
import type { ArchiveReader, Clock, GradingStore, ObjectStore, OpenArchive, RandomAccess, Sender } from "../ports.ts";
import { ingestArchive, readManifest } from "../timelapse/ingest-archive.ts";
import { rejectingBadInput } from "./close.ts";
import { ingestStill } from "./ingest-still.ts";
import { objectKeys, uploadOf } from "./keys.ts";

export interface IngestPorts {
  readonly objects: ObjectStore;
  readonly gradings: GradingStore;
  readonly archives: ArchiveReader;
  readonly cropJobs: Sender<CropJob>;
  readonly clock: Clock;
}

/**
 * Station 1: an uploaded archive becomes a validated time-lapse, or an uploaded picture a still, and one crop job.
 *
 * Reads an archive's directory and manifest, no picture. Repeatable: the first stored version of an upload is pinned,
 * every other version and every grading past `received` is left alone. The job is sent before the status moves, so a
 * crash in between sends it twice rather than never.
 *
 * @throws retryable errors only; bad input ends as the grading's rejection
 */
export async function ingestUpload(stored: UploadStored, ports: IngestPorts): Promise<void> {
  const upload = uploadOf(stored.key);
  if (upload === null) return;
  const { clinicId, gradingId } = upload;
  const grading = await pinVersion(gradingId, stored.version, ports);
  if (grading === null) return;

  await rejectingBadInput(ports, grading, async () => {
    const source = await storedArchive(ports.objects, stored.key, stored.version);
    const ingest = grading.kind === "still" ? ingestStill : ingestTimeLapse;
    const ingested: IngestedUpload = await ingest(grading, source, stored, ports);
    const json = new TextEncoder().encode(JSON.stringify(ingested));
    await ports.objects.write(objectKeys.timeLapse(clinicId, gradingId), json);
    await ports.cropJobs.send({ clinicId, gradingId });
    await ports.gradings.change(gradingId, ["received"], {
      status: "cropping",
      sweeps: 0,
      ageYears: ingested.ageYears,
      archiveDigest: ingested.archiveDigest,
      updatedAt: ports.clock.now().toISOString(),
    });
  });
}

async function ingestTimeLapse(
  { gradingId, ageYears }: Grading,
  source: RandomAccess,
  stored: UploadStored,
  ports: IngestPorts,
): Promise<TimeLapse> {
  const archive = await openArchive(source, ports.archives);
  const read = await readManifest(archive);
  const embryo = { embryoId: read.manifest.embryoId, cycleId: read.manifest.cycleId ?? null };
  // Before anything else is checked, so that a rejection is shown beside its embryo.
  await ports.gradings.change(gradingId, ["received"], embryo);
  const ingested = await ingestArchive(archive, read, ageYears);
  return {
    schema: "blastograde/ingested-time-lapse@1",
    archiveKey: stored.key,
    archiveVersion: stored.version,
    archiveDigest: ingested.archiveDigest,
    ...embryo,
    ageYears: ingested.ageYears,
    frames: ingested.frames,
    warnings: ingested.warnings,
  };
}

/** @throws WrongKind for a picture; what opening an archive throws */
async function openArchive(source: RandomAccess, archives: ArchiveReader): Promise<OpenArchive> {
  try {
    return await archives.open(source);
  } catch (cause) {
    const isNoZip = isBlastogradeError(cause) && cause.code === "NOT_A_ZIP";
    if (!isNoZip || pictureFormat(await source.read(0, BEGINNING_BYTES)) === null) throw cause;
    throw new WrongKind(
      "The upload is a single picture where an archive was announced. Upload it with the kind still and its embryoId.",
      { cause },
    );
  }
}

/** @returns the grading if this version is the one to grade and nobody has got past `received` yet */
async function pinVersion(gradingId: string, version: string, ports: IngestPorts) {
  const grading = await ports.gradings.find(gradingId);
  if (grading?.status !== "received") return null;
  const pinned = await ports.gradings.pinVersion(gradingId, version);
  return pinned === version ? grading : null;
}

/** An object of the store as something that can be read from anywhere. @throws ObjectMissing */
export async function storedArchive(objects: ObjectStore, key: string, version: string): Promise<RandomAccess> {
  const object = await objects.head(key, version);
  if (object === null) throw new ObjectMissing("The uploaded file is gone. Upload it again.");
  return { size: object.size, read: (start, length) => objects.readRange(key, start, length, version) };
}
