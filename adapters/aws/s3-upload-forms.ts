import { S3Client } from "@aws-sdk/client-s3";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { z } from "zod";
import type { Clock, UploadForms } from "../../core/ports.ts";
import { storageUnavailable } from "./aws-failure.ts";
import { stationClient } from "./station-client.ts";

export interface S3UploadFormsOptions {
  readonly bucket: string;
  /** Of a form. One signed with a role's session is good no longer than the session, whatever it says. */
  readonly lifetimeSeconds: number;
  readonly clock: Clock;
}

export interface S3UploadForms extends UploadForms {
  close(): void;
}

/** S3 takes no more in one POST. */
const POST_BYTES_AT_MOST = 5 * 2 ** 30;
const Policy = z.object({ expiration: z.iso.datetime() });

/**
 * Forms of S3's presigned POST: exactly this key of this bucket, a size from `min` to `max`, until `expiresAt`. S3 takes at
 * most 5 GiB in one POST, so a larger `max` becomes that. Nothing is asked of S3 to make one.
 *
 * @example
 * const forms = openS3UploadForms({ bucket: "north-objects", lifetimeSeconds: 900, clock: systemClock });
 * const form = await forms.presign("uploads/north/1", { min: 1, max: 2 ** 30 });
 */
export function openS3UploadForms({ bucket, lifetimeSeconds, clock }: S3UploadFormsOptions): S3UploadForms {
  const client = new S3Client(stationClient());

  return {
    async presign(key, { min, max }) {
      // The signer has no clock of its own but this correction of the machine's.
      client.config.systemClockOffset = clock.now().getTime() - Date.now();
      const { url, fields } = await createPresignedPost(client, {
        Bucket: bucket,
        Key: key,
        Conditions: [["content-length-range", min, Math.min(max, POST_BYTES_AT_MOST)]],
        Expires: lifetimeSeconds,
      }).catch((cause) => {
        throw storageUnavailable(`Signing an upload form for s3://${bucket}/${key}`, cause);
      });
      // S3 knows the bucket by the address, and the policy holds it to that: nothing that whoever uploads has to send.
      const { bucket: _byAddress, ...sent } = fields;
      const policy = Buffer.from(fields.Policy ?? "", "base64").toString();
      return { url, fields: sent, expiresAt: Policy.parse(JSON.parse(policy)).expiration };
    },

    close: () => client.destroy(),
  };
}
