import { z } from "zod";
import { ClinicId, Sha256 } from "../../core/contracts/identifiers.ts";
import { wholeNumber } from "../../core/contracts/whole-number.ts";
import { type Environment, LogLevel, parseEnvironment } from "./environment.ts";

const Url = z.url();
/** A JSON text as its value. */
const Json = z.string().transform((text, context) => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    context.addIssue({ code: "custom", message: "has to be JSON" });
    return z.NEVER;
  }
});

const AwsAccount = z.string().regex(/^[0-9]{12}$/, "has to be an account of 12 digits");

/** What every function is told. */
const Common = z.object({
  STAGE: z.string().min(1),
  LOG_LEVEL: LogLevel.prefault("info"),
  BUCKET_NAME: z.string().min(3),
  /** Whose bucket it is: a name that someone else has taken over is refused. */
  BUCKET_OWNER: AwsAccount,
});
const Table = z.object({ TABLE_NAME: z.string().min(3) });
/** What a function that a queue feeds is told of that queue. */
const Consumer = z.object({
  QUEUE_URL: Url,
  DEAD_LETTER_QUEUE_URL: Url,
  MAX_ATTEMPTS: wholeNumber(1, 1000),
});

/** Environment of each deployed function; infra sets exactly these. */
export const CLOUD_ENVIRONMENTS = {
  ingest: z.object({ ...Common.shape, ...Table.shape, ...Consumer.shape, CROP_QUEUE_URL: Url }),
  crop: z.object({
    ...Common.shape,
    ...Table.shape,
    ...Consumer.shape,
    ENDPOINT_NAME: z.string().min(1),
    /** Of the cropper that lies beside the function's code. */
    CROPPER_SHA256: Sha256,
  }),
  finished: z.object({ ...Common.shape, ...Table.shape, ...Consumer.shape }),
  api: z.object({
    ...Common.shape,
    ...Table.shape,
    /** Who speaks for which clinic: IAM principals (role or user ARNs) by clinic. */
    CLINICS: Json.pipe(z.record(ClinicId, z.object({ principals: z.array(z.string().min(1)) }))),
    /** Pages that may call the API from a browser. */
    BROWSER_ORIGINS: Json.pipe(z.array(z.url())).prefault("[]"),
    /** Whether the serving bundle's weights are trained on phantoms. */
    DEMO: z.enum(["true", "false"]).transform((text) => text === "true"),
  }),
  sweep: z.object({
    ...Common.shape,
    ...Table.shape,
    STORED_QUEUE_URL: Url,
    STORED_DEAD_LETTER_QUEUE_URL: Url,
    CROP_QUEUE_URL: Url,
    CROP_DEAD_LETTER_QUEUE_URL: Url,
    FINISHED_QUEUE_URL: Url,
    FINISHED_DEAD_LETTER_QUEUE_URL: Url,
  }),
  smoke: z.object({
    ...Common.shape,
    ENDPOINT_NAME: z.string().min(1),
    /** Of the bundle that the deployment put there. */
    MODEL_SHA256: Sha256,
  }),
} as const;

export type CloudFunction = keyof typeof CLOUD_ENVIRONMENTS;

/** Configuration of a deployed function, read once at its cold start. @throws ConfigInvalid */
export function readCloudConfig<Name extends CloudFunction>(name: Name, env: Environment = process.env) {
  const schema: z.ZodType = CLOUD_ENVIRONMENTS[name];
  return parseEnvironment(schema, env) as z.infer<(typeof CLOUD_ENVIRONMENTS)[Name]>;
}
