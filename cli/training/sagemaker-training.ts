import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openTrainingBucket } from "../../adapters/aws/training-bucket.ts";
import { TrainingJobRequest } from "../../adapters/aws/training-job-request.ts";
import { openTrainingJobs, type TrainingJob, type TrainingJobs } from "../../adapters/aws/training-jobs.ts";
import { trainingJobRequest } from "./job-request.ts";
import { sendCheckpoint, sendCode, sendDataset } from "./send-training.ts";
import { sha256Of, shardDataset } from "./shards.ts";
import { type SagemakerTraining, scriptValue } from "./train-options.ts";
import { packTrainingCode } from "./training-code.ts";
import { trainingFiles } from "./training-files.ts";

const POLL_MILLISECONDS = 30_000;
const DEFAULT_MOMENT = "tA";
const OVER = ["Completed", "Failed", "Stopped"];

/**
 * Sends what is missing in the bucket and starts the training job, unless it was started before. What was asked for and what
 * became of it is printed as JSON and kept in `OUT/training-job.json`.
 *
 * @returns the exit code: 1 when the job is known to have failed or to have been stopped, 0 otherwise
 */
export async function trainOnSagemaker(options: SagemakerTraining): Promise<number> {
  const files = await trainingFiles(options.data, options.network, momentOf(options.arguments));
  const code = await packTrainingCode();
  const cnnSha256 = await digestOf(options.cnn);
  const fromSha256 = await digestOf(options.from);
  console.error(`reading ${files.length} files of ${options.data}`);
  const dataset = await shardDataset(options.data, files);
  const datasetBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);

  const jobs = openTrainingJobs({ region: options.region });
  const bucket = openTrainingBucket({ ...options, kmsKey: options["kms-key"] });
  try {
    const region = await jobs.region();
    const inputs = { datasetSha256: dataset.sha256, datasetBytes, codeSha256: code.sha256, cnnSha256, fromSha256 };
    const request = parsedRequest(trainingJobRequest(options, inputs, region));
    const described = { shards: dataset.shards.length, bytes: datasetBytes, request };
    if (options["dry-run"]) {
      console.log(JSON.stringify({ dryRun: true, ...described }, null, 2));
      return 0;
    }
    await refuseOverlap(jobs, request.TrainingJobName, options.attempt);
    await sendDataset(options.data, dataset, bucket, (key, sent) =>
      console.error(`${sent ? "sent" : "there already"}: s3://${options.bucket}/${key}`),
    );
    await sendCode(code, bucket);
    if (options.cnn !== undefined && cnnSha256 !== null) await sendCheckpoint(options.cnn, cnnSha256, bucket);
    if (options.from !== undefined && fromSha256 !== null) await sendCheckpoint(options.from, fromSha256, bucket);

    const { started, job } = await jobs.start(request);
    console.error(started ? `started ${job.name}` : `${job.name} was started before: ${sentenceOf(job)}`);
    const latest = options.wait ? await untilOver(jobs, job) : job;
    const result = JSON.stringify({ started, job: latest, ...described }, null, 2);
    await mkdir(options.out, { recursive: true });
    await writeFile(join(options.out, "training-job.json"), `${result}\n`);
    console.log(result);
    return latest.status === "Failed" || latest.status === "Stopped" ? 1 : 0;
  } finally {
    jobs.close();
    bucket.close();
  }
}

async function digestOf(file: string | undefined): Promise<string | null> {
  return file === undefined ? null : sha256Of(await readFile(file));
}

/** Which stills the CNN's own `--moment` asks for. */
function momentOf(scriptArguments: readonly string[]): string {
  const moment = scriptValue(scriptArguments, "moment", DEFAULT_MOMENT);
  if (!/^[A-Za-z0-9]+$/.test(moment)) throw new Error(`--moment ${moment} is no moment, such as tA or 110.`);
  return moment;
}

function parsedRequest(request: TrainingJobRequest): TrainingJobRequest {
  const parsed = TrainingJobRequest.safeParse(request);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`);
  throw new Error(`SageMaker would refuse this job: ${faults.join("; ")}.`);
}

/** Attempts share their checkpoints: two that run at once would write over each other's. */
async function refuseOverlap(jobs: TrainingJobs, name: string, attempt: number): Promise<void> {
  if (attempt === 1) return;
  const first = name.slice(0, name.lastIndexOf("-"));
  const previous = attempt === 2 ? first : `${first}-${attempt - 1}`;
  const job = await jobs.describe(previous);
  if (job === null) throw new Error(`--attempt ${attempt} follows ${previous}, and there is no such job.`);
  if (!OVER.includes(job.status)) throw new Error(`--attempt ${attempt} has to wait: ${previous} is ${job.status}.`);
}

async function untilOver(jobs: TrainingJobs, started: TrainingJob): Promise<TrainingJob> {
  let job = started;
  let said = "";
  for (;;) {
    const sentence = sentenceOf(job);
    if (sentence !== said) console.error(sentence);
    said = sentence;
    if (OVER.includes(job.status)) return job;
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    job = (await jobs.describe(job.name)) ?? job;
  }
}

function sentenceOf({ status, phase, failure, modelUri }: TrainingJob): string {
  const again = status === "Failed" || status === "Stopped" ? "; the same command with the next --attempt goes on" : "";
  const model = status === "Completed" && modelUri !== null ? `, ${modelUri}` : "";
  return `${status} (${phase})${failure === null ? "" : `: ${failure}`}${model}${again}`;
}
