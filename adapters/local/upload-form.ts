import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { UploadRefused } from "../../core/errors.ts";
import type { Clock, ObjectKey, UploadForms } from "../../core/ports.ts";

/** Where the local wiring receives what S3 would receive in the cloud; appended to the base URL. */
export const UPLOAD_FORM_PATH = "/upload-form";

export interface UploadFormsOptions {
  /** Of the running service, without a slash at the end; asked at each form, as the port may be known late. */
  baseUrl(): string;
  /** Whoever knows it can write any object. */
  readonly secret: Uint8Array;
  readonly clock: Clock;
  readonly lifetimeSeconds: number;
}

export interface UploadPermit {
  readonly key: ObjectKey;
  readonly minBytes: number;
  readonly maxBytes: number;
}

export interface LocalUploadForms extends UploadForms {
  /** @throws UploadRefused when the fields are not those of a form of ours, or it has expired */
  verify(fields: Readonly<Record<string, string>>): UploadPermit;
}

const Policy = z.strictObject({
  key: z.string(),
  expiration: z.iso.datetime(),
  contentLengthRange: z.tuple([z.int().min(0), z.int().min(0)]),
});

/**
 * Forms like S3's presigned POST: a policy says what may be put where and until when, and a signature over it proves that
 * it is ours. Nothing is kept, so a form works after a restart too.
 *
 * @example
 * const forms = openUploadForms({ baseUrl: () => "http://127.0.0.1:8787", secret, clock: systemClock, lifetimeSeconds: 900 });
 * const form = await forms.presign("uploads/north/1.zip", { min: 1, max: 2 ** 30 });
 */
export function openUploadForms(options: UploadFormsOptions): LocalUploadForms {
  const { secret, clock, lifetimeSeconds } = options;
  const sign = (policy: string) => createHmac("sha256", secret).update(policy).digest("hex");

  return {
    async presign(key, bytes) {
      const expiresAt = new Date(clock.now().getTime() + lifetimeSeconds * 1000).toISOString();
      const range: [number, number] = [bytes.min, bytes.max];
      const content: z.infer<typeof Policy> = { key, expiration: expiresAt, contentLengthRange: range };
      const policy = Buffer.from(JSON.stringify(content)).toString("base64");
      const fields = { key, policy, signature: sign(policy) };
      return { url: `${options.baseUrl()}${UPLOAD_FORM_PATH}`, fields, expiresAt };
    },

    verify(fields) {
      const { key, policy = "", signature = "" } = fields;
      if (!sameText(signature, sign(policy))) {
        throw new UploadRefused("This is no upload form of ours, or it was changed; ask for a new one.");
      }
      const content = Policy.parse(JSON.parse(Buffer.from(policy, "base64").toString()));
      if (key !== content.key) {
        throw new UploadRefused("The form's key was changed; send the fields as they were given.");
      }
      if (clock.now().getTime() >= Date.parse(content.expiration)) {
        throw new UploadRefused(`The upload form expired at ${content.expiration}; ask for a new one.`);
      }
      const [minBytes, maxBytes] = content.contentLengthRange;
      return { key, minBytes, maxBytes };
    },
  };
}

/** Takes equally long wherever the texts differ, so that a signature cannot be guessed piece by piece. */
function sameText(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
