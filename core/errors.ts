/**
 * Every error that crosses a station's edge. Match on `code`, never on the message: the message is the sentence a clinic
 * reads and may be improved at any time.
 */
export abstract class BlastogradeError extends Error {
  abstract readonly code: string;
  /** Whether the same call may succeed later. Only retryable errors are thrown back at a queue. */
  abstract readonly retryable: boolean;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** True for our errors, also for those of another bundle's copy of this file. */
export function isBlastogradeError(error: unknown): error is BlastogradeError {
  return error instanceof Error && "code" in error && "retryable" in error && typeof error.retryable === "boolean";
}

/** The same error, and where it happened before its sentence. */
export function errorAt(place: string, error: BlastogradeError): BlastogradeError {
  const SameError = error.constructor as new (message: string, options: { cause: unknown }) => BlastogradeError;
  return new SameError(`${place}: ${error.message}`, { cause: error });
}

// ---- The archive ----------------------------------------------------------------------------------------------------

/** The upload is no zip at all. */
export class NotAZip extends BlastogradeError {
  readonly code = "NOT_A_ZIP";
  readonly retryable = false;
}

/** The upload has no bytes, or is a zip without entries. */
export class ArchiveEmpty extends BlastogradeError {
  readonly code = "ARCHIVE_EMPTY";
  readonly retryable = false;
}

/** The zip contradicts itself: truncated, a false size, a wrong CRC-32, a name twice. */
export class ArchiveDamaged extends BlastogradeError {
  readonly code = "ARCHIVE_DAMAGED";
  readonly retryable = false;
}

/** The zip uses what we do not read: encryption, or a compression other than stored and deflate. */
export class ArchiveUnsupported extends BlastogradeError {
  readonly code = "ARCHIVE_UNSUPPORTED";
  readonly retryable = false;
}

/** An entry, or the number of entries, is past any that a time-lapse can need: a decompression bomb, or a mistake. */
export class ArchiveTooLarge extends BlastogradeError {
  readonly code = "ARCHIVE_TOO_LARGE";
  readonly retryable = false;
}

/** An entry's name is absolute or leaves the archive (`../`). */
export class UnsafeEntryName extends BlastogradeError {
  readonly code = "UNSAFE_ENTRY_NAME";
  readonly retryable = false;
}

/** The upload is a picture where an archive was announced, or an archive where a still was. */
export class WrongKind extends BlastogradeError {
  readonly code = "WRONG_KIND";
  readonly retryable = false;
}

/** The archive has no `manifest.json`. */
export class ManifestMissing extends BlastogradeError {
  readonly code = "MANIFEST_MISSING";
  readonly retryable = false;
}

/** `manifest.json` is not JSON or breaks its schema. */
export class ManifestInvalid extends BlastogradeError {
  readonly code = "MANIFEST_INVALID";
  readonly retryable = false;
}

/** The manifest names a file that the archive does not hold. */
export class FrameFileMissing extends BlastogradeError {
  readonly code = "FRAME_FILE_MISSING";
  readonly retryable = false;
}

/** The manifest lists one file, or one pair of time and focal plane, twice. */
export class FrameRepeated extends BlastogradeError {
  readonly code = "FRAME_REPEATED";
  readonly retryable = false;
}

/** The woman's age is outside the 18 to 55 years that the models know. */
export class AgeOutOfRange extends BlastogradeError {
  readonly code = "AGE_OUT_OF_RANGE";
  readonly retryable = false;
}

// ---- What the archive shows -----------------------------------------------------------------------------------------

/** The archive holds no frame of the blastocyst stage; the clinic has to upload a later one. */
export class NoBlastocystStage extends BlastogradeError {
  readonly code = "NO_BLASTOCYST_STAGE";
  readonly retryable = false;
}

/** No capture from 90 hpi on has at least two focal planes, so that there is nothing to stand in for the missing ones. */
export class FocalPlanesMissing extends BlastogradeError {
  readonly code = "FOCAL_PLANES_MISSING";
  readonly retryable = false;
}

/** A frame's bytes are no picture that can be read: cut off, or damaged. */
export class ImageUnreadable extends BlastogradeError {
  readonly code = "IMAGE_UNREADABLE";
  readonly retryable = false;
}

/** A frame is in a format that we do not take, whatever its name says. */
export class ImageUnsupported extends BlastogradeError {
  readonly code = "IMAGE_UNSUPPORTED";
  readonly retryable = false;
}

/** A frame has more pixels than any instrument takes. */
export class ImageTooLarge extends BlastogradeError {
  readonly code = "IMAGE_TOO_LARGE";
  readonly retryable = false;
}

/** The frames of one archive differ in size, so that they cannot be of one well. */
export class ImageSizesDiffer extends BlastogradeError {
  readonly code = "IMAGE_SIZES_DIFFER";
  readonly retryable = false;
}

/** The cropper sees no embryo. */
export class EmptyWell extends BlastogradeError {
  readonly code = "EMPTY_WELL";
  readonly retryable = false;
}

/** The cropper sees no embryo in a still. */
export class NoEmbryo extends BlastogradeError {
  readonly code = "NO_EMBRYO";
  readonly retryable = false;
}

/** A still shows more than one whole embryo, and nothing says which one is meant. */
export class SeveralEmbryos extends BlastogradeError {
  readonly code = "SEVERAL_EMBRYOS";
  readonly retryable = false;
}

/** There is an embryo, but no blastocyst by the end: grades are withheld rather than a confident C given. */
export class NoBlastocyst extends BlastogradeError {
  readonly code = "NO_BLASTOCYST";
  readonly retryable = false;
}

// ---- Stores, queues, models -----------------------------------------------------------------------------------------

/** No object lies under this key and version. */
export class ObjectMissing extends BlastogradeError {
  readonly code = "OBJECT_MISSING";
  readonly retryable = false;
}

/** The store did not answer, or has no room; the same call may succeed later. */
export class StorageUnavailable extends BlastogradeError {
  readonly code = "STORAGE_UNAVAILABLE";
  readonly retryable = true;
}

/** A message breaks its schema; no later try will read it. */
export class MessageUnreadable extends BlastogradeError {
  readonly code = "MESSAGE_UNREADABLE";
  readonly retryable = false;
}

/** A grading with this id is there already. */
export class GradingExists extends BlastogradeError {
  readonly code = "GRADING_EXISTS";
  readonly retryable = false;
}

/** The upload form is not one of ours, has expired, or its file is outside the allowed sizes. */
export class UploadRefused extends BlastogradeError {
  readonly code = "UPLOAD_REFUSED";
  readonly retryable = false;
}

/** Nothing was uploaded while the upload form was good; the clinic has to ask for a new one. */
export class UploadExpired extends BlastogradeError {
  readonly code = "UPLOAD_EXPIRED";
  readonly retryable = false;
}

/** Another process serves this data folder; two would take each other's messages. */
export class DataFolderInUse extends BlastogradeError {
  readonly code = "DATA_FOLDER_IN_USE";
  readonly retryable = false;
}

/** The model server is not there yet, or overloaded. */
export class ModelUnavailable extends BlastogradeError {
  readonly code = "MODEL_UNAVAILABLE";
  readonly retryable = true;
}

/** The model could not grade this clip, and would not at a second try. Also the code where its failure says no other. */
export class ModelFailed extends BlastogradeError {
  readonly code = "MODEL_FAILED";
  readonly retryable = false;
}

/** Another cropper than the serving model's cut this clip: the model was changed since. It has to be cropped again. */
export class ClipOfOtherCropper extends BlastogradeError {
  readonly code = "CLIP_OF_OTHER_CROPPER";
  readonly retryable = false;
}

/** The serving model grades time-lapse archives only, and this is a single picture. */
export class StillsNotOffered extends BlastogradeError {
  readonly code = "STILLS_NOT_OFFERED";
  readonly retryable = false;
}

/** Nobody has said which clinic the caller speaks for. */
export class CallerUnknown extends BlastogradeError {
  readonly code = "CALLER_UNKNOWN";
  readonly retryable = false;
}

/** A prediction breaks its schema: NaN, a sum off 1, another clip's digest. Never turned into an answer. */
export class PredictionInvalid extends BlastogradeError {
  readonly code = "PREDICTION_INVALID";
  readonly retryable = false;
}

/** A clip breaks its format. */
export class ClipInvalid extends BlastogradeError {
  readonly code = "CLIP_INVALID";
  readonly retryable = false;
}

/** A model bundle's file is missing or has another digest than its manifest says. */
export class BundleDamaged extends BlastogradeError {
  readonly code = "BUNDLE_DAMAGED";
  readonly retryable = false;
}

/** The pregnancy calibrator cannot be read or breaks its schema: the service does not start with it. */
export class CalibratorInvalid extends BlastogradeError {
  readonly code = "CALIBRATOR_INVALID";
  readonly retryable = false;
}

/** The pregnancy calibrator was fitted to the scores of another model: the service does not start with it. */
export class CalibratorOfOtherModel extends BlastogradeError {
  readonly code = "CALIBRATOR_OF_OTHER_MODEL";
  readonly retryable = false;
}

/** The picture that explains a score could not be made; the score does not need it. */
export class ExplanationNotDrawn extends BlastogradeError {
  readonly code = "EXPLANATION_NOT_DRAWN";
  readonly retryable = false;
}

/** A station failed at every one of its tries; the grading is closed so that nobody waits for it. */
export class StationGaveUp extends BlastogradeError {
  readonly code = "STATION_GAVE_UP";
  readonly retryable = false;
}
