// Everything of the flood but the stations, in a process of its own so that its memory is not taken for theirs: S3, SQS and
// DynamoDB, the clinics that upload, the endpoint. Arguments: events, seed. Speaks with its parent by `CloudOrder`s.
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { openDynamoDbGradingStore } from "../../adapters/aws/dynamodb-grading-store.ts";
import { openS3ObjectStore } from "../../adapters/aws/s3-object-store.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import { newGrading } from "../../core/stations/new-grading.ts";
import { TEST_AWS } from "../builders/aws-environment.ts";
import { s3Notification, s3TestEvent } from "../builders/aws-events.ts";
import { startCloudServers } from "../builders/cloud-servers.ts";
import { archiveOf } from "./flood-archives.ts";
import type { CloudAnswer, CloudOrder, CloudPlaces, QueuePlace } from "./flood-cloud.ts";
import { startFloodEndpoint } from "./flood-endpoint.ts";
import { type PlannedEvent, type PlannedUpload, planFlood, QUEUES, type QueueName } from "./flood-plan.ts";

const [events, seed] = process.argv.slice(2).map(Number) as [number, number];
const BUCKET = "flood-objects";
const TABLE = "flood";
const ENDPOINT = "flood-endpoint";
const VISIBILITY_SECONDS = 60;
/** More than the station's own attempts. */
const MAX_RECEIVE_COUNT = 8;
const CLINICS_AT_ONCE = 4;

const servers = await startCloudServers();
Object.assign(process.env, servers.environment);
await servers.createBucket(BUCKET);
await servers.createTable(TABLE);
const places = Object.fromEntries(await Promise.all(QUEUES.map(async (name) => [name, await createQueue(name)])));
const queues = places as Record<QueueName, QueuePlace>;

const sqs = new SQSClient({});
const objects = openS3ObjectStore({ bucket: BUCKET, bucketOwner: TEST_AWS.account });
const gradings = openDynamoDbGradingStore({ tableName: TABLE });
const plan = planFlood({ events, seed });
const answers = new Map(plan.uploads.map(({ gradingId, answer }) => [gradingId, answer]));
const endpoint = await startFloodEndpoint({
  endpointName: ENDPOINT,
  objects,
  answerOf: (gradingId) => answers.get(gradingId)!,
  notify: (notification) => send("finished", JSON.stringify(notification)),
});
const uploaded = new Map<PlannedUpload, Promise<string>>();

process.on("message", async ({ id, order }: { id: number; order: CloudOrder }) => {
  const answer: CloudAnswer = await obeyed(order).then(
    () => ({ id, error: null }),
    (error: Error) => ({ id, error: error.stack ?? error.message }),
  );
  process.send!(answer);
});
process.once("disconnect", () => process.exit());
await send("stored", JSON.stringify(s3TestEvent(BUCKET)));
process.send!({
  environment: { ...servers.environment, AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: endpoint.url },
  bucket: BUCKET,
  bucketOwner: TEST_AWS.account,
  tableName: TABLE,
  endpointName: ENDPOINT,
  queues,
} satisfies CloudPlaces);

async function obeyed(order: CloudOrder): Promise<void> {
  if (order.what === "settle") return endpoint.settled();
  const coming = plan.events.slice(order.from, order.to).values();
  // One iterator for all of them: each takes the next event.
  await Promise.all(
    Array.from({ length: CLINICS_AT_ONCE }, async () => {
      for (const event of coming) await happen(event);
    }),
  );
}

async function happen(event: PlannedEvent): Promise<void> {
  if (event.of === "poison") return send(event.queue, event.body);
  const { upload } = event;
  const key = objectKeys.upload(upload.clinicId, upload.gradingId);
  const uploading = uploaded.get(upload) ?? uploadArchive(upload, key);
  uploaded.set(upload, uploading);
  const stored = JSON.parse(await uploading);
  if (!upload.isEventLost) await send("stored", JSON.stringify(s3Notification([stored])));
}

/** @returns what the notification says of it, as JSON: a text is little to keep */
async function uploadArchive(upload: PlannedUpload, key: string): Promise<string> {
  const { gradingId, clinicId, ageYears } = upload;
  await gradings.create(newGrading({ gradingId, clinicId, ageYears, receivedAt: new Date().toISOString() }));
  return JSON.stringify(await objects.write(key, await archiveOf(upload)));
}

async function send(queue: QueueName, body: string): Promise<void> {
  await sqs.send(new SendMessageCommand({ QueueUrl: queues[queue].url, MessageBody: body }));
}

async function createQueue(name: QueueName): Promise<QueuePlace> {
  const deadLettersUrl = await servers.createQueue(`${name}-dead-letters`);
  const deadLetterTargetArn = `arn:aws:sqs:${TEST_AWS.region}:${TEST_AWS.account}:${name}-dead-letters`;
  const url = await servers.createQueue(name, {
    VisibilityTimeout: String(VISIBILITY_SECONDS),
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: MAX_RECEIVE_COUNT }),
  });
  return { url, deadLettersUrl };
}
