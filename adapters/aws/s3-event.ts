import { z } from "zod";
import { UploadStored } from "../../core/contracts/messages.ts";

const Notification = z.object({ Records: z.array(z.looseObject({ eventName: z.string() })) });
/** What S3 sends once when notifications are set up. */
const TestEvent = z.object({ Service: z.literal("Amazon S3"), Event: z.literal("s3:TestEvent") });
const ObjectCreated = z.object({
  eventSource: z.literal("aws:s3"),
  s3: z.object({
    object: z.object({
      key: z.string().transform(decodedKey),
      versionId: z.string({ error: "is missing: the bucket keeps no versions" }),
      size: z.int(),
    }),
  }),
});

/**
 * The uploads that a notification of S3 tells of, in its order: the objects that were created. Other events tell of none.
 *
 * @param body the JSON that S3 sends to a queue, version 2.x
 * @throws ZodError or SyntaxError when it is anything else
 * @see AWS, Amazon S3 User Guide, "Event message structure"
 */
export function uploadsOfS3Event(body: string): UploadStored[] {
  const event: unknown = JSON.parse(body);
  if (TestEvent.safeParse(event).success) return [];
  return Notification.parse(event)
    .Records.filter(({ eventName }) => eventName.startsWith("ObjectCreated:"))
    .map((record) => {
      const { key, versionId, size } = ObjectCreated.parse(record).s3.object;
      return UploadStored.parse({ key, version: versionId, size });
    });
}

/**
 * The uploads that a message of the ingest queue tells of: S3 sends its notification there, the sweep a plain {@link UploadStored}.
 *
 * @throws ZodError or SyntaxError when it is neither
 */
export function uploadsOfMessage(body: string): UploadStored[] {
  const own = UploadStored.safeParse(JSON.parse(body));
  return own.success ? [own.data] : uploadsOfS3Event(body);
}

/** S3 encodes keys as forms do: a space is a plus, other bytes of the UTF-8 are percent signs. */
function decodedKey(encoded: string, context: z.RefinementCtx): string {
  try {
    return decodeURIComponent(encoded.replaceAll("+", " "));
  } catch {
    context.addIssue({ code: "custom", message: "is no URL-encoded key" });
    return z.NEVER;
  }
}
