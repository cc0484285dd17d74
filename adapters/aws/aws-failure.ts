import { BlastogradeError, isBlastogradeError, StorageUnavailable } from "../../core/errors.ts";

/** AWS refused the call, or could not be asked; the message names the call and what AWS said. */
export class AwsRefused extends BlastogradeError {
  readonly code = "AWS_REFUSED";
  readonly retryable: boolean;
  /** AWS's own name of the error, such as `ResourceInUse`. */
  readonly awsName: string;

  constructor(message: string, awsName: string, retryable: boolean, options: { cause: unknown }) {
    super(message, options);
    this.awsName = awsName;
    this.retryable = retryable;
  }
}

/** Runs one call of an SDK client. @throws AwsRefused instead of whatever the SDK throws */
export async function asking<Answer>(what: string, call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (cause) {
    if (isBlastogradeError(cause)) throw cause;
    const { name, message, status } = described(cause);
    if (name === "CredentialsProviderError") {
      const advice = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
      throw new AwsRefused(`${what}: no AWS credentials were found; ${advice}.`, name, false, { cause });
    }
    if (status === null) throw new AwsRefused(`${what}: AWS was not reached: ${message}`, name, true, { cause });
    // The SDK has tried three times by now; these are the ones where a later run may fare better.
    const retryable = status >= 500 || status === 429 || /Throttl|SlowDown/.test(name);
    const sentence =
      status === 403 && name === "Unknown"
        ? "403: these credentials may not do that, or the bucket is somebody else's"
        : `${name}: ${message}`;
    throw new AwsRefused(`${what}: AWS answered ${sentence}`, name, retryable, { cause });
  }
}

/**
 * What a station is told when AWS did not do its work: also a refusal is retryable there, since a right that the deployment
 * lacks must not reject a clinic's embryo. A clinic may come to read the sentence, so what AWS says of roles and accounts
 * stays in the cause.
 *
 * @param doing the call, such as `Reading s3://bucket/key`
 * @param cause whatever the SDK threw
 */
export function storageUnavailable(doing: string, cause: unknown): StorageUnavailable {
  const { name, message, status } = described(cause);
  let happened = `AWS answered ${status} ${name}`;
  if (status === null) happened = `AWS was not reached: ${message}`;
  else if (status === 403) happened += "; whoever runs this deployment has to check its roles and the owner it expects";
  return new StorageUnavailable(`${doing}: ${happened}.`, { cause });
}

function described(error: unknown): { name: string; message: string; status: number | null } {
  if (!(error instanceof Error)) return { name: "UnknownError", message: String(error), status: null };
  const metadata = "$metadata" in error ? (error.$metadata as { httpStatusCode?: number } | undefined) : undefined;
  const message = error.message === "" ? "(no message)" : error.message;
  return { name: error.name, message, status: metadata?.httpStatusCode ?? null };
}
