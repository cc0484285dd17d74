import { SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, vi } from "vitest";
import { openDynamoDbGradingStore } from "../../adapters/aws/dynamodb-grading-store.ts";
import { openDynamoDbRecordStore } from "../../adapters/aws/dynamodb-record-store.ts";
import { openDynamoDbTable } from "../../adapters/aws/dynamodb-table.ts";
import { openS3ObjectStore } from "../../adapters/aws/s3-object-store.ts";
import { CLOUD_TABLE } from "../../core/contracts/cloud-table.ts";
import { GradingAnswer } from "../../core/contracts/grading.ts";
import { type UploadOptions, UploadTicket } from "../../core/contracts/http.ts";
import type { UploadStored } from "../../core/contracts/messages.ts";
import type { GradingStore, ObjectStore, RecordStore } from "../../core/ports.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import type { Redrive } from "../../core/stations/redrive.ts";
import type { Sweep } from "../../core/stations/sweep.ts";
import { DEMO_BUNDLE } from "../contract/model-server.builders.ts";
import { s3Notification } from "./aws-events.ts";
import { bundledFunctions, type FunctionName } from "./cloud-bundles.ts";
import { CALLERS } from "./cloud-clinics.ts";
import {
  type CloudResources,
  CONSUMERS,
  createCloudResources,
  environmentsOf,
  type QueueName,
} from "./cloud-environments.ts";
import { type ApiRequest, apiGatewayEvent } from "./cloud-events.ts";
import { type CloudFunction, cloudFunction } from "./cloud-function.ts";
import { startModelContainer } from "./cloud-model-server.ts";
import { type CloudQueue, cloudQueue } from "./cloud-queue.ts";
import { containerAt, type SageMakerStandIn, startSageMaker } from "./cloud-sagemaker.ts";
import { startCloudServers } from "./cloud-servers.ts";
import { type CloudWire, startCloudWire } from "./cloud-wire.ts";
import { blobOf, phantomStill } from "./phantom-archive.ts";

/** All that is deployed, on servers of this process, and the clinics north and south that call it. */
export interface CloudHouse {
  readonly functions: Readonly<Record<FunctionName, CloudFunction>>;
  readonly queues: Readonly<Record<QueueName, CloudQueue>>;
  readonly endpoint: SageMakerStandIn;
  /** Between the functions and AWS. */
  readonly wire: CloudWire;
  readonly objects: ObjectStore;
  readonly gradings: GradingStore;
  readonly records: RecordStore;
  readonly resources: CloudResources;
  /** As clinic north unless the request says otherwise. */
  call(request: Omit<ApiRequest, "userArn"> & { readonly userArn?: string | null }): Promise<Response>;
  /** Asks for a form, as clinic north. */
  askForForm(options?: UploadOptions): Promise<UploadTicket>;
  /** Posts a file with a form. @returns what S3 has to tell of it */
  post(ticket: UploadTicket, file: Blob): Promise<UploadStored>;
  /** Puts S3's notification of these uploads in its queue. */
  announce(...uploads: UploadStored[]): Promise<void>;
  /** All of these. @returns the upload's id */
  upload(file: Blob, options?: UploadOptions): Promise<string>;
  /** A still of an embryo of this name is uploaded. @returns the upload's id */
  uploadStill(embryoId: string): Promise<string>;
  /** Lets every station and the endpoint work until nothing is left to do. */
  settle(): Promise<void>;
  /** What the clinic is told of its upload. */
  answerOf(uploadId: string): Promise<GradingAnswer>;
  /** The records that a clinic's embryo has. */
  countRecords(embryoId: string): Promise<number>;
  /** What the functions' logs say became of a grading, in their order within each function. */
  movesOf(gradingId: string): string[];
  /** The schedule's event, or an operator's. */
  sweep(): Promise<Sweep>;
  redrive(queue: QueueName): Promise<Redrive>;
  /** Makes a grading untouched for so long, and whatever was last done about it as long ago. */
  age(gradingId: string, seconds: number): Promise<void>;
}

/** One house for all tests of a file. Faults that a test has made end with it. */
export function usingCloudHouse(): () => CloudHouse {
  let house: CloudHouse;
  const closing: (() => unknown)[] = [];
  beforeAll(async () => {
    house = await openCloudHouse((close) => closing.push(close));
  });
  afterEach(async () => {
    house.wire.intercept = (_call, pass) => pass();
    house.endpoint.container = house.endpoint.deployed;
    await Promise.all(Object.values(house.functions).map((each) => each.restore()));
  });
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
    vi.unstubAllEnvs();
  });
  return () => house;
}

async function openCloudHouse(onClose: (close: () => unknown) => void): Promise<CloudHouse> {
  const [bundles, servers, model] = await Promise.all([
    bundledFunctions(),
    startCloudServers(),
    startModelContainer(DEMO_BUNDLE),
  ]);
  onClose(() => Promise.all([servers.close(), model.close()]));
  for (const [name, value] of Object.entries(servers.environment)) vi.stubEnv(name, value);

  const resources = await createCloudResources(servers, bundles);
  const objects = openS3ObjectStore(resources);
  const gradings = openDynamoDbGradingStore({ tableName: resources.table });
  const records = openDynamoDbRecordStore({ tableName: resources.table });
  const table = openDynamoDbTable({ tableName: resources.table });

  const endpoint = await startSageMaker({
    bucket: resources.bucket,
    objects,
    container: containerAt(model.url),
    notify: (notification) => queues.finished.send(notification),
  });
  onClose(() => endpoint.close());
  const wire = await startCloudWire({
    s3: servers.environment.AWS_ENDPOINT_URL_S3!,
    sqs: servers.environment.AWS_ENDPOINT_URL_SQS!,
    dynamodb: servers.environment.AWS_ENDPOINT_URL_DYNAMODB!,
    sagemaker: endpoint.url,
  });
  onClose(() => wire.close());

  const environments = environmentsOf(bundles, resources, servers.environment, wire.urls);
  const functions = Object.fromEntries(
    Object.entries(bundles).map(([name, { file }]) => {
      return [name, cloudFunction({ file, environment: environments[name as FunctionName] })];
    }),
  ) as Record<FunctionName, CloudFunction>;
  onClose(() => Promise.all(Object.values(functions).map((each) => each.close())));

  const client = new SQSClient({});
  const queue = (name: QueueName) => {
    const consumer = CONSUMERS[name];
    return cloudQueue({
      client,
      ...resources.queues[name],
      consumer: functions[consumer],
      feed: bundles[consumer].feed!,
    });
  };
  const queues = { stored: queue("stored"), crop: queue("crop"), finished: queue("finished") };

  async function call(request: Omit<ApiRequest, "userArn"> & { readonly userArn?: string | null }): Promise<Response> {
    const event = apiGatewayEvent({ userArn: CALLERS.north, ...request });
    const answer = (await functions.api.invoke(event)) as GatewayAnswer;
    const body = Buffer.from(answer.body, answer.isBase64Encoded ? "base64" : "utf8");
    const headers = Object.entries(answer.multiValueHeaders).flatMap(([name, all]) => all.map((each) => [name, each]));
    return new Response(body, { status: answer.statusCode, headers: headers as [string, string][] });
  }

  async function askForForm(options: UploadOptions = {}): Promise<UploadTicket> {
    const asked = await call({ method: "POST", path: "/v1/uploads", body: options });
    return UploadTicket.parse(await asked.json());
  }

  async function post({ uploadId, url, fields }: UploadTicket, file: Blob): Promise<UploadStored> {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append("file", file, "upload");
    const posted = await fetch(url, { method: "POST", body: form });
    if (posted.status !== 204) throw new Error(`S3 answered ${posted.status}: ${await posted.text()}`);
    const key = objectKeys.upload("north", uploadId);
    return { key, version: posted.headers.get("x-amz-version-id")!, size: file.size };
  }

  const announce = (...uploads: UploadStored[]) => queues.stored.send(s3Notification(uploads));

  async function upload(file: Blob, options?: UploadOptions): Promise<string> {
    const ticket = await askForForm(options);
    await announce(await post(ticket, file));
    return ticket.uploadId;
  }

  return {
    functions,
    queues,
    endpoint,
    wire,
    objects,
    gradings,
    records,
    resources,
    call,
    askForForm,
    post,
    announce,
    upload,
    uploadStill: async (embryoId) => upload(blobOf(await phantomStill()), { kind: "still", embryoId, ageYears: 34 }),
    async settle() {
      let worked = 0;
      do {
        worked = Number(await endpoint.answerNext());
        for (const each of Object.values(queues)) worked += await each.deliver();
      } while (worked > 0);
    },
    async answerOf(uploadId) {
      const response = await call({ path: `/v1/uploads/${uploadId}` });
      return GradingAnswer.parse(await response.json());
    },
    async countRecords(embryoId) {
      let count = 0;
      const rows = table.query({ of: CLOUD_TABLE, partition: `RECORD#north#${embryoId}` });
      for await (const _row of rows) count++;
      return count;
    },
    movesOf: (gradingId) => Object.values(functions).flatMap(({ log }) => log.flatMap(moveIn(gradingId))),
    // What EventBridge sends; the function takes its schedule's word for it.
    sweep: () =>
      functions.sweep.invoke({ source: "aws.events", "detail-type": "Scheduled Event", detail: {} }) as Promise<Sweep>,
    redrive: (name) => functions.sweep.invoke({ redrive: name }) as Promise<Redrive>,
    async age(gradingId, seconds) {
      const { status, setback, askedAt } = (await gradings.find(gradingId))!;
      const then = new Date(Date.now() - seconds * 1000).toISOString();
      await gradings.change(gradingId, [status], {
        updatedAt: then,
        askedAt: askedAt && then,
        setback: setback && { ...setback, at: then },
      });
    },
  };
}

/** Reads a line of a function's log. @returns the status, where it says that this grading has moved */
function moveIn(gradingId: string) {
  return (line: string): string[] => {
    const entry = JSON.parse(line) as { msg?: string; gradingId?: string; status?: string };
    return entry.msg === "a grading moved" && entry.gradingId === gradingId ? [entry.status!] : [];
  };
}

interface GatewayAnswer {
  readonly statusCode: number;
  readonly multiValueHeaders: Readonly<Record<string, string[]>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}
