import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { ObjectMissing, StorageUnavailable } from "../../core/errors.ts";
import type { ObjectKey, ObjectStore } from "../../core/ports.ts";
import { storageUnavailable } from "./aws-failure.ts";
import { stationClient } from "./station-client.ts";

export interface S3ObjectStoreOptions {
  /** Has to keep versions. */
  readonly bucket: string;
  /** The account whose bucket it is: a bucket of that name in anyone else's hands is refused. */
  readonly bucketOwner: string;
}

export interface S3ObjectStore extends ObjectStore {
  close(): void;
}

/**
 * Objects in one S3 bucket; region, endpoint and credentials are the SDK's own. S3 checks the CRC-32 that the SDK sends with
 * every write, and the SDK checks it with every object that is read whole.
 *
 * Without the right to list the bucket S3 answers 403 for an object that is not there. That says nothing about the object
 * and is StorageUnavailable here, so a station needs s3:ListBucket beside its rights to objects.
 *
 * @example
 * const store = openS3ObjectStore({ bucket: "north-objects", bucketOwner: "123456789012" });
 * const { version } = await store.write("clips/north/1.npz", bytes);
 */
export function openS3ObjectStore({ bucket, bucketOwner }: S3ObjectStoreOptions): S3ObjectStore {
  const client = new S3Client(stationClient());
  const failed = (doing: string, key: ObjectKey, cause: unknown) =>
    storageUnavailable(`${doing} s3://${bucket}/${key}`, cause);

  function objectOf(key: ObjectKey, version?: string) {
    const object = { Bucket: bucket, Key: key, ExpectedBucketOwner: bucketOwner };
    return version === undefined ? object : { ...object, VersionId: version };
  }

  function versionOf(answer: { VersionId?: string | undefined }): string {
    if (answer.VersionId !== undefined) return answer.VersionId;
    throw new StorageUnavailable(`The bucket ${bucket} keeps no versions; turn on its versioning.`);
  }

  /** @param range as the HTTP header has it @returns null when the object ends before the range begins */
  async function get(key: ObjectKey, version: string | undefined, range?: string): Promise<Uint8Array | null> {
    const command = new GetObjectCommand(
      range === undefined ? objectOf(key, version) : { ...objectOf(key, version), Range: range },
    );
    try {
      const { Body } = await client.send(command);
      return Body === undefined ? new Uint8Array() : await Body.transformToByteArray();
    } catch (cause) {
      if (nameOf(cause) === "InvalidRange") return null;
      if (saysMissing(cause, version)) throw missing(key, version, cause);
      throw failed("Reading", key, cause);
    }
  }

  async function head(key: ObjectKey, version?: string) {
    try {
      return await client.send(new HeadObjectCommand(objectOf(key, version)));
    } catch (cause) {
      if (saysMissing(cause, version)) return null;
      // An answer to HEAD has no body, so that 400 may be about the version or about an expired token; GET says which.
      if (version !== undefined && statusOf(cause) === 400 && (await isMissing(get(key, version, "bytes=0-0")))) {
        return null;
      }
      throw failed("Looking for", key, cause);
    }
  }

  return {
    async head(key, version) {
      const answer = await head(key, version);
      return answer && { key, version: versionOf(answer), size: answer.ContentLength ?? 0 };
    },

    async read(key, version) {
      return (await get(key, version)) ?? new Uint8Array();
    },

    async readRange(key, start, length, version) {
      if (!Number.isSafeInteger(start) || !Number.isSafeInteger(length) || start < 0 || length < 0) {
        throw new RangeError(`A range of ${length} bytes from ${start} is none.`);
      }
      if (length === 0) {
        // HTTP has no range without bytes.
        if ((await head(key, version)) === null) throw missing(key, version);
        return new Uint8Array();
      }
      return (await get(key, version, `bytes=${start}-${start + length - 1}`)) ?? new Uint8Array();
    },

    async write(key, bytes) {
      const put = new PutObjectCommand({ ...objectOf(key), Body: bytes });
      const answer = await client.send(put).catch((cause) => {
        throw failed("Writing", key, cause);
      });
      return { key, version: versionOf(answer), size: bytes.length };
    },

    close: () => client.destroy(),
  };
}

function missing(key: ObjectKey, version: string | undefined, cause?: unknown): ObjectMissing {
  return new ObjectMissing(`There is no object ${key}${version === undefined ? "" : ` of version ${version}`}.`, {
    cause,
  });
}

/**
 * S3's ways to say so. With a version it also refuses the version's form (400), and the version of a delete marker (405). A
 * bucket that is not there is none of them.
 */
function saysMissing(cause: unknown, version: string | undefined): boolean {
  const name = nameOf(cause);
  if (name === "NoSuchKey" || name === "NotFound" || name === "NoSuchVersion") return true;
  return version !== undefined && (name === "InvalidArgument" || statusOf(cause) === 405);
}

async function isMissing(reading: Promise<unknown>): Promise<boolean> {
  try {
    await reading;
    return false;
  } catch (error) {
    if (error instanceof ObjectMissing) return true;
    throw error;
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}

function statusOf(error: unknown): number | undefined {
  return error instanceof Error && "$metadata" in error
    ? (error.$metadata as { httpStatusCode?: number }).httpStatusCode
    : undefined;
}
