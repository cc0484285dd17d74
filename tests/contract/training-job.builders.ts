import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

type Jobs = Map<string, { request: Record<string, unknown>; status: string }>;

export interface FakeAws {
  /** What a program needs in its environment to take this server for AWS. */
  readonly environment: Readonly<Record<string, string>>;
  readonly calls: readonly Call[];
  readonly objects: Map<string, Buffer>;
  readonly jobs: Jobs;
  /** Answers instead of the server where it returns true. */
  intercept: (call: Call, response: ServerResponse) => boolean;
}

/** S3 and SageMaker as far as a training is started with them, on loopback; remembers every call. */
export async function fakeAws(): Promise<FakeAws> {
  const calls: Call[] = [];
  const objects = new Map<string, Buffer>();
  const jobs: Jobs = new Map();
  const intercept: FakeAws["intercept"] = () => false;
  const aws = { calls, objects, jobs, intercept };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = decodeURIComponent((request.url ?? "").split("?")[0]!);
    const call = { method: request.method ?? "", path, headers: request.headers, body: Buffer.concat(chunks) };
    calls.push(call);
    if (aws.intercept(call, response)) return;
    if (call.headers["x-amz-target"] === undefined) answerAsS3(objects, call, response);
    else answerAsSagemaker(jobs, call, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const environment = {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "example",
    AWS_REGION: "eu-west-1",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  };
  return Object.assign(aws, { environment });
}

function answerAsS3(objects: Map<string, Buffer>, { method, path, headers, body }: Call, response: ServerResponse) {
  const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("base64");
  if (method === "PUT") {
    if (headers["x-amz-checksum-sha256"] !== sha256(body)) return response.writeHead(400).end();
    objects.set(path, body);
    return response.writeHead(200).end();
  }
  const object = objects.get(path);
  if (object === undefined) return response.writeHead(404).end();
  return response.writeHead(200, { "x-amz-checksum-sha256": sha256(object) }).end();
}

function answerAsSagemaker(jobs: Jobs, { headers, body }: Call, response: ServerResponse) {
  const request = JSON.parse(body.toString()) as Record<string, unknown>;
  const name = String(request.TrainingJobName);
  const job = jobs.get(name);
  if (headers["x-amz-target"] === "SageMaker.CreateTrainingJob") {
    if (job !== undefined) return refuse(response, "ResourceInUse", "Training job names must be unique");
    jobs.set(name, { request, status: "InProgress" });
    return answer(response, 200, { TrainingJobArn: arnOf(name) });
  }
  if (job === undefined) return refuse(response, "ValidationException", "Requested resource not found.");
  const described = { TrainingJobName: name, TrainingJobArn: arnOf(name), TrainingJobStatus: job.status };
  const { S3OutputPath } = job.request.OutputDataConfig as { S3OutputPath: string };
  const model = { S3ModelArtifacts: `${S3OutputPath}/${name}/output/model.tar.gz` };
  const isOver = job.status === "Completed";
  return answer(response, 200, {
    ...described,
    SecondaryStatus: isOver ? "Completed" : "Training",
    ...(isOver ? { ModelArtifacts: model } : {}),
  });
}

export function refuse(response: ServerResponse, name: string, message: string): void {
  answer(response, 400, { __type: name, message });
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
}

function arnOf(name: string): string {
  return `arn:aws:sagemaker:eu-west-1:123456789012:training-job/${name}`;
}

/** A folder, removed when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "blastograde-training-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The files that training reads, with bytes that only stand for pictures. */
export async function standInDataset(clips = 4): Promise<string> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "stills"));
  await mkdir(join(folder, "clips"));
  await writeFile(join(folder, "dataset.json"), '{"schema":"blastograde/prepared@1"}');
  await writeFile(join(folder, "embryos.csv"), "embryo_id,split\n");
  await writeFile(join(folder, "pregnancy.csv"), "embryo_id,fold\n");
  await writeFile(join(folder, "enhanced.npy"), bytesFrom(900, 3));
  await writeFile(join(folder, "segmentation.npz"), bytesFrom(500, 4));
  await writeFile(join(folder, "stills", "tA.npy"), bytesFrom(3000, 1));
  await writeFile(join(folder, "stills", "110.npy"), bytesFrom(3000, 2));
  for (let n = 0; n < clips; n++) await writeFile(join(folder, "clips", `embryo-${n}.npz`), bytesFrom(700, 10 + n));
  return folder;
}

function bytesFrom(count: number, seed: number): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, n) => (n * 31 + seed * 17 + (n >> 5)) % 256));
}

/** `npm run train` with these arguments, as a process of its own. */
export function runTrain(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ exitCode: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["cli/train.ts", ...args],
      { env: { ...process.env, ...env } },
      (error, stdout, stderr) => resolve({ exitCode: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}
