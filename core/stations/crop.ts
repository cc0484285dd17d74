import type { Grading } from "../contracts/grading.ts";
import type { CropJob } from "../contracts/messages.ts";
import { IngestedUpload } from "../contracts/still.ts";
import { refuseNonBlastocyst } from "../cropping/blastocyst-criterion.ts";
import { previewStrip } from "../cropping/preview.ts";
import type {
  ArchiveReader,
  ClipFormat,
  Clock,
  EmbryoSegmenter,
  GradingStore,
  ModelEndpoint,
  ObjectStore,
  PictureDecoder,
  PictureEncoder,
  StageMeter,
} from "../ports.ts";
import { sha256Hex } from "../sha256.ts";
import { rejectingBadInput, UNFINISHED } from "./close.ts";
import { type CroppedSequence, cropSequence } from "./crop-sequence.ts";
import { cropStill } from "./crop-still.ts";
import { storedArchive } from "./ingest.ts";
import { objectKeys } from "./keys.ts";

export interface CropPorts {
  readonly objects: ObjectStore;
  readonly gradings: GradingStore;
  readonly archives: ArchiveReader;
  readonly pictures: PictureDecoder;
  readonly previews: PictureEncoder;
  readonly segmenter: EmbryoSegmenter;
  readonly clips: ClipFormat;
  readonly endpoint: ModelEndpoint;
  readonly clock: Clock;
  /** @default runs each stage and measures nothing */
  readonly meter?: StageMeter;
}

const unmeasured: StageMeter = { run: (_stage, work) => work() };

/**
 * Station 2: a time-lapse or a still becomes a clip, and the model is asked to grade it.
 *
 * Repeatable: the same upload, cropper and age give the same clip, and a request that was made is not made again. A crash between
 * the request and its note makes it twice, rather than never.
 *
 * @throws retryable errors only; bad input ends as the grading's rejection
 */
export async function cropEmbryo(job: CropJob, ports: CropPorts): Promise<void> {
  const grading = await ports.gradings.find(job.gradingId);
  if (grading === null || !UNFINISHED.includes(grading.status)) return;

  // Its request waits or is worked on; a second one would be paid for twice. The sweep says when it has to be made again.
  if (grading.status === "grading" && grading.askedAt !== null) return;

  await rejectingBadInput(ports, grading, async () => {
    if (grading.status !== "grading") await writeClip(grading, ports);
    await ports.endpoint.invoke({
      gradingId: grading.gradingId,
      clipKey: objectKeys.clip(grading.clinicId, grading.gradingId),
    });
    const now = ports.clock.now().toISOString();
    // The answer may be here already; then this changes nothing.
    await ports.gradings.change(grading.gradingId, ["grading"], { askedAt: now, updatedAt: now });
  });
}

async function writeClip({ clinicId, gradingId }: Grading, ports: CropPorts): Promise<void> {
  const { objects, meter = unmeasured } = ports;
  const json = await objects.read(objectKeys.timeLapse(clinicId, gradingId));
  const ingested = IngestedUpload.parse(JSON.parse(new TextDecoder().decode(json)));
  const { frames, hpi, sequence, warnings } = await cropUpload(ingested, { ...ports, meter });

  await meter.run("write", async () => {
    const { archiveDigest, ageYears } = ingested;
    const clip = ports.clips.encode({
      frames,
      hpi,
      meta: {
        schema: "blastograde/clip@1",
        archiveDigest,
        cropperSha256: ports.segmenter.sha256,
        ageYears,
        kind: sequence.kind,
      },
    });
    await objects.write(objectKeys.clip(clinicId, gradingId), clip);
    const preview = await ports.previews.encodePreview(previewStrip(frames));
    await objects.write(objectKeys.preview(clinicId, gradingId), preview);
    await ports.gradings.change(gradingId, ["received", "cropping"], {
      status: "grading",
      askedAt: null,
      sweeps: 0,
      // Ingest says both too, but may have died between sending the job and saying so.
      ageYears,
      archiveDigest,
      clipSha256: await sha256Hex(clip),
      sequence,
      warnings,
      updatedAt: ports.clock.now().toISOString(),
    });
  });
}

async function cropUpload(
  ingested: IngestedUpload,
  ports: CropPorts & { readonly meter: StageMeter },
): Promise<Omit<CroppedSequence, "evidence">> {
  const { meter } = ports;
  const source = await storedArchive(ports.objects, ingested.archiveKey, ingested.archiveVersion);
  if (ingested.schema === "blastograde/ingested-still@1") {
    return cropStill(await meter.run("read", () => source.read(0, source.size)), ports);
  }
  const archive = await meter.run("open", () => ports.archives.open(source));
  const cropped = await cropSequence(ingested.frames, { ...ports, readFrame: (file) => archive.read(file) });
  refuseNonBlastocyst(cropped.evidence);
  return { ...cropped, warnings: [...ingested.warnings, ...cropped.warnings] };
}
