import { Duration } from "aws-cdk-lib";
import { PolicyStatement, type Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { StationFunction } from "./station-function.ts";

/** Attempts at a message before its station gives it up: some twenty minutes in all, which most outages do not last. */
const MAX_ATTEMPTS = 10;
/** Deliveries on top for a station that dies before it can give up; then SQS itself moves the message. */
const SPARE_DELIVERIES = 3;

export interface StationQueueProps {
  readonly key: IKey;
  /** Of the function that it feeds: a message stays hidden for six times as long, as Lambda's retries of a batch need. */
  readonly consumerTimeout: Duration;
}

export interface FeedOptions {
  /** Messages handed over at once. */
  readonly batchSize: number;
  /** Executions at once; the rest waits here. */
  readonly maxConcurrency: number;
}

/** A queue and the queue of its dead letters, both encrypted and reached by TLS only. */
export class StationQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { key, consumerTimeout }: StationQueueProps) {
    super(scope, id);
    const common = { encryption: QueueEncryption.KMS, encryptionMasterKey: key, enforceSSL: true };
    this.deadLetters = new Queue(this, "DeadLetters", { ...common, retentionPeriod: Duration.days(14) });
    this.queue = new Queue(this, "Queue", {
      ...common,
      visibilityTimeout: Duration.seconds(6 * consumerTimeout.toSeconds()),
      retentionPeriod: Duration.days(14),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_ATTEMPTS + SPARE_DELIVERIES },
    });
  }

  /** Feeds a function, which says itself which messages of a batch have failed, and may put those aside. */
  feed(station: StationFunction, { batchSize, maxConcurrency }: FeedOptions): void {
    station.lambda.addEventSource(
      new SqsEventSource(this.queue, { batchSize, maxConcurrency, reportBatchItemFailures: true }),
    );
    this.allowSend(station.role, this.deadLetters);
  }

  /** What a consumer is told of its queue. */
  get consumerEnvironment(): Record<string, string> {
    return {
      QUEUE_URL: this.queue.queueUrl,
      DEAD_LETTER_QUEUE_URL: this.deadLetters.queueUrl,
      MAX_ATTEMPTS: String(MAX_ATTEMPTS),
    };
  }

  allowSend(role: Role, queue: Queue = this.queue): void {
    role.addToPrincipalPolicy(new PolicyStatement({ actions: ["sqs:SendMessage"], resources: [queue.queueArn] }));
  }

  /** Takes dead letters out and puts them back to work. */
  allowRedrive(role: Role): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage"],
        resources: [this.deadLetters.queueArn],
      }),
    );
    this.allowSend(role);
  }

  /** A service may send what it has to say, of what the conditions name and nobody else's. */
  admitService(service: string, conditions: Record<string, Record<string, string>>): void {
    this.queue.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(service)],
        actions: ["sqs:SendMessage"],
        resources: [this.queue.queueArn],
        conditions,
      }),
    );
  }
}
