import { createHash, randomUUID } from "node:crypto";
import type { S3Event, SQSEvent, SQSRecord } from "aws-lambda";
import type { UploadStored } from "../../core/contracts/messages.ts";
import { TEST_AWS } from "./aws-environment.ts";

/** What S3 sends to a queue when objects are created, field for field. */
export function s3Notification(uploads: readonly UploadStored[], eventName = "ObjectCreated:Post"): S3Event {
  return {
    Records: uploads.map(({ key, version, size }, n) => ({
      eventVersion: "2.1",
      eventSource: "aws:s3",
      awsRegion: TEST_AWS.region,
      eventTime: "2026-03-01T12:00:00.123Z",
      eventName,
      userIdentity: { principalId: "AWS:AROAEXAMPLE:api" },
      requestParameters: { sourceIPAddress: "192.0.2.1" },
      responseElements: {
        "x-amz-request-id": "C3D13FE58DE4C810",
        "x-amz-id-2": "FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD",
      },
      s3: {
        s3SchemaVersion: "1.0",
        configurationId: "uploads",
        bucket: {
          name: "north-objects",
          ownerIdentity: { principalId: "A3NL1KOZZKExample" },
          arn: "arn:aws:s3:::north-objects",
        },
        object: {
          key: formEncoded(key),
          size,
          eTag: "d41d8cd98f00b204e9800998ecf8427e",
          versionId: version,
          sequencer: `0055AED6DCD90281E${n}`,
        },
      },
    })),
  };
}

/** What S3 sends to a queue once, when notifications to it are set up. */
export function s3TestEvent(bucket: string): object {
  return {
    Service: "Amazon S3",
    Event: "s3:TestEvent",
    Time: "2026-03-01T12:00:00.123Z",
    Bucket: bucket,
    RequestId: "5582815E1AEA5ADF",
    HostId: "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE",
  };
}

/** What Lambda hands to a function for messages of an SQS queue, field for field. */
export function sqsEvent(records: readonly Partial<SQSRecord>[], { attempt = 1 } = {}): SQSEvent {
  return {
    Records: records.map(({ body = "", ...fields }) => ({
      messageId: randomUUID(),
      receiptHandle: `AQEB${Buffer.from(randomUUID()).toString("base64")}`,
      body,
      attributes: {
        ApproximateReceiveCount: String(attempt),
        SentTimestamp: "1772366400123",
        SenderId: "AIDAIENQZJOLO23YVJ4VO",
        ApproximateFirstReceiveTimestamp: "1772366400456",
      },
      messageAttributes: {},
      md5OfBody: createHash("md5").update(body).digest("hex"),
      eventSource: "aws:sqs",
      eventSourceARN: `arn:aws:sqs:${TEST_AWS.region}:${TEST_AWS.account}:jobs`,
      awsRegion: TEST_AWS.region,
      ...fields,
    })),
  };
}

/** As S3 encodes keys: the bytes of UTF-8 but those of letters, digits and `-_.*` by percent signs, a space by a plus; slashes stay. */
function formEncoded(key: string): string {
  return [...Buffer.from(key)].map(encodedByte).join("");
}

function encodedByte(byte: number): string {
  const character = String.fromCharCode(byte);
  if (character === " ") return "+";
  return /[A-Za-z0-9._*/-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}
