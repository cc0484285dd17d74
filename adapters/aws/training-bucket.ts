import { HeadObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { AwsRefused, asking } from "./aws-failure.ts";

export interface TrainingBucketOptions {
  readonly bucket: string;
  /** @default the SDK's: AWS_REGION, then the profile's */
  readonly region?: string | undefined;
  /** Encrypts what is sent with this KMS key. @default the bucket's own encryption */
  readonly kmsKey?: string | undefined;
}

/** The bucket that training reads from. What lies there is named after its digest and never changes. */
export interface TrainingBucket {
  /** Whether S3 holds exactly these bytes under `key`, by the SHA-256 that S3 itself computed when they came. */
  holds(key: string, sha256: string): Promise<boolean>;
  /** Sends `bytes` in one request: they lie there whole, as S3 has checked against `sha256`, or not at all. */
  put(key: string, bytes: Uint8Array, sha256: string): Promise<void>;
  close(): void;
}

/**
 * @example
 * const bucket = openTrainingBucket({ bucket: "north-training", region: "eu-west-1" });
 * if (!(await bucket.holds(key, sha256))) await bucket.put(key, bytes, sha256);
 */
export function openTrainingBucket({ bucket, region, kmsKey }: TrainingBucketOptions): TrainingBucket {
  const client = new S3Client(region === undefined ? {} : { region });
  const place = (key: string) => `s3://${bucket}/${key}`;
  const encryption = kmsKey === undefined ? {} : { ServerSideEncryption: "aws:kms" as const, SSEKMSKeyId: kmsKey };

  return {
    async holds(key, sha256) {
      try {
        const head = new HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: "ENABLED" });
        const { ChecksumSHA256 } = await asking(`looking for ${place(key)}`, () => client.send(head));
        return ChecksumSHA256 === base64(sha256);
      } catch (error) {
        if (error instanceof AwsRefused && (error.awsName === "NotFound" || error.awsName === "NoSuchKey"))
          return false;
        throw error;
      }
    },

    async put(key, bytes, sha256) {
      const object = { Bucket: bucket, Key: key, Body: bytes, ChecksumSHA256: base64(sha256), ...encryption };
      await asking(`sending ${place(key)}`, () => client.send(new PutObjectCommand(object)));
    },

    close: () => client.destroy(),
  };
}

function base64(sha256: string): string {
  return Buffer.from(sha256, "hex").toString("base64");
}
