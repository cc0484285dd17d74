import type { Grading } from "../contracts/grading.ts";
import type { CropJob } from "../contracts/messages.ts";
import { TimeLapse } from "../contracts/time-lapse.ts";
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
import { cropSequence } from "./crop-sequence.ts";
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
 * Station 2: a time-lapse becomes a clip, and the model is asked to grade it.
 *
 * Repeatable: the same archive, cropper and age give the same clip. A grading that already waits for the model is only
 * asked for again, since the crash that repeats a job may have come before the request.
 *
 * @throws retryable errors only; bad input ends as the grading's rejection
 */
export async function cropEmbryo(job: CropJob, ports: CropPorts): Promise<void> {
  const grading = await ports.gradings.find(job.gradingId);
  if (grading === null || !UNFINISHED.includes(grading.status)) return;

  await rejectingBadInput(ports, grading, async () => {
    if (grading.status !== "grading") await writeClip(grading, ports);
    await ports.endpoint.invoke({
      gradingId: grading.gradingId,
      clipKey: objectKeys.clip(grading.clinicId, grading.gradingId),
    });
  });
}

async function writeClip({ clinicId, gradingId }: Grading, ports: CropPorts): Promise<void> {
  const { objects, meter = unmeasured } = ports;
  const json = await objects.read(objectKeys.timeLapse(clinicId, gradingId));
  const timeLapse = TimeLapse.parse(JSON.parse(new TextDecoder().decode(json)));
  const source = await storedArchive(objects, timeLapse.archiveKey, timeLapse.archiveVersion);
  const archive = await meter.run("open", () => ports.archives.open(source));

  const cropped = await cropSequence(timeLapse.frames, {
    pictures: ports.pictures,
    segmenter: ports.segmenter,
    meter,
    readFrame: (file) => archive.read(file),
  });
  refuseNonBlastocyst(cropped.evidence);

  await meter.run("write", async () => {
    const clip = ports.clips.encode({
      frames: cropped.frames,
      hpi: cropped.hpi,
      meta: {
        schema: "blastograde/clip@1",
        archiveDigest: timeLapse.archiveDigest,
        cropperSha256: ports.segmenter.sha256,
        ageYears: timeLapse.ageYears,
        kind: "time-lapse",
      },
    });
    await objects.write(objectKeys.clip(clinicId, gradingId), clip);
    const preview = await ports.previews.encodePreview(previewStrip(cropped.frames));
    await objects.write(objectKeys.preview(clinicId, gradingId), preview);
    await ports.gradings.change(gradingId, ["received", "cropping"], {
      status: "grading",
      // Ingest says both too, but may have died between sending the job and saying so.
      ageYears: timeLapse.ageYears,
      kind: "time-lapse",
      archiveDigest: timeLapse.archiveDigest,
      clipSha256: await sha256Hex(clip),
      sequence: cropped.sequence,
      warnings: [...timeLapse.warnings, ...cropped.warnings],
      updatedAt: ports.clock.now().toISOString(),
    });
  });
}
