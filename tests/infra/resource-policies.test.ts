import type { Template } from "aws-cdk-lib/assertions";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { arnsOf } from "../builders/cloud-requests.ts";
import { admits, type Caller, policyOf, type ResourcePolicy, refuses } from "../builders/resource-policies.ts";
import { resourceOf, resourcesOf, type Synthesised, synthesise } from "../builders/synth.ts";
import { type CloudTemplate, TemplateStrings } from "../builders/template-strings.ts";

const CLINIC: Caller = { arn: "arn:aws:iam::444455556666:role/north-uploader" };
const OPERATOR: Caller = { arn: "arn:aws:iam::{AccountId}:role/operator" };
const STRANGER: Caller = { arn: "arn:aws:iam::777788889999:role/stranger" };
const service = (name: string): Caller => ({ service: `${name}.amazonaws.com` });
const EVERYBODY: readonly Caller[] = [
  ...[CLINIC, OPERATOR, STRANGER, "anybody" as const],
  ...["s3", "sns", "cloudwatch", "lambda", "events", "sagemaker"].map(service),
];

const OURS = { "aws:SourceAccount": "{AccountId}" };
const ANOTHERS = { "aws:SourceAccount": "777788889999" };

let synthesised: Synthesised;
let template: Template;
let arns: ReturnType<typeof arnsOf>;

beforeAll(async () => {
  synthesised = await synthesise({
    stage: {
      clinics: { north: { principals: [CLINIC.arn] } },
      browserOrigins: ["https://clinic.example"],
    },
  });
  template = synthesised.template;
  arns = arnsOf(template);
});
afterAll(() => synthesised.close());

const policyAt = (type: string, part: string): ResourcePolicy =>
  policyOf(template.toJSON() as CloudTemplate, resourceOf(template, type, part).id);

describe.each([
  { type: "AWS::S3::Bucket", action: "s3:GetObject", below: "/uploads/north/1" },
  { type: "AWS::S3::Bucket", action: "s3:PutObject", below: "/uploads/north/1" },
  { type: "AWS::S3::Bucket", action: "s3:ListBucket", below: "" },
  { type: "AWS::SQS::Queue", action: "sqs:SendMessage", below: "" },
  { type: "AWS::SQS::Queue", action: "sqs:ReceiveMessage", below: "" },
  { type: "AWS::SNS::Topic", action: "sns:Publish", below: "" },
])("every $type", ({ type, action, below }) => {
  const answers = (context: Record<string, string>) => {
    const stack = template.toJSON() as CloudTemplate;
    return resourcesOf(template, type).map(({ id }) => {
      const resource = `${new TemplateStrings(stack).arnOf(id)}${below}`;
      return refuses(policyOf(stack, id), OPERATOR, { action, resource, context });
    });
  };

  it(`refuses ${action} by plain HTTP, and nothing else by TLS`, () => {
    const plain = answers({ "aws:SecureTransport": "false" });
    const secure = answers({ "aws:SecureTransport": "true", "s3:TlsVersion": "1.3" });

    expect(plain.length).toBeGreaterThan(1);
    expect(plain).toEqual(plain.map(() => true));
    expect(secure).toEqual(secure.map(() => false));
  });
});

it.each([
  ["1.1", true],
  ["1.2", false],
])("answers for TLS %s at the bucket: refused %s", (version, isRefused) => {
  const request = { action: "s3:GetObject", resource: `${arns.bucket}/clips/north/1` };
  const context = { "aws:SecureTransport": "true", "s3:TlsVersion": version };

  expect(refuses(policyAt("AWS::S3::Bucket", "/Storage/Bucket/"), OPERATOR, { ...request, context })).toBe(isRefused);
});

it("lets nobody into the bucket by the bucket's own policy", () => {
  const policy = policyAt("AWS::S3::Bucket", "/Storage/Bucket/");

  const admitted = EVERYBODY.filter((caller) =>
    ["s3:GetObject", "s3:PutObject"].some((action) =>
      admits(policy, caller, { action, resource: `${arns.bucket}/uploads/north/1`, context: OURS }),
    ),
  );
  expect(admitted).toEqual([]);
});

it("lets S3 write the bucket's own access logs, and no other bucket's", () => {
  const policy = policyAt("AWS::S3::Bucket", "/Storage/AccessLogs/");
  const request = { action: "s3:PutObject", resource: `${arns.accessLogs}/objects/1` };
  const from = (bucket: string) => ({ ...request, context: { ...OURS, "aws:SourceArn": bucket } });

  const admitted = [arns.bucket, "arn:aws:s3:::another"].map((bucket) =>
    admits(policy, service("logging.s3"), from(bucket)),
  );
  expect(admitted).toEqual([true, false]);
});

describe("a queue's policy", () => {
  const senders = (part: string, queue: string, context: Record<string, string>) =>
    EVERYBODY.filter((caller) =>
      admits(policyAt("AWS::SQS::Queue", part), caller, { action: "sqs:SendMessage", resource: queue, context }),
    );

  it("lets S3 announce uploads of this account's buckets, and of nobody else's", () => {
    const source = { "aws:SourceArn": arns.bucket };

    expect(senders("/Intake/Stored/Queue/", arns.queues.stored, { ...OURS, ...source })).toEqual([service("s3")]);
    expect(senders("/Intake/Stored/Queue/", arns.queues.stored, { ...ANOTHERS, ...source })).toEqual([]);
    expect(senders("/Intake/Stored/Queue/", arns.queues.stored, {})).toEqual([]);
  });

  it("lets the endpoint's topic tell what is finished, and no other topic", () => {
    const from = (topic: string) => ({ "aws:SourceArn": topic });

    expect(senders("/Finished/Queue/", arns.queues.finished, from(arns.notifications))).toEqual([service("sns")]);
    expect(senders("/Finished/Queue/", arns.queues.finished, from(arns.alarms))).toEqual([]);
  });

  it("lets nobody else send: not into the crop jobs, not among dead letters", () => {
    const sources = [arns.bucket, arns.notifications].map((arn) => ({ ...OURS, "aws:SourceArn": arn }));
    const others = [
      ["/CropJobs/Queue/", arns.queues.crop],
      ["/CropJobs/DeadLetters/", arns.deadLetters.crop],
      ["/Intake/Stored/DeadLetters/", arns.deadLetters.stored],
      ["/Finished/DeadLetters/", arns.deadLetters.finished],
    ] as const;

    expect(others.flatMap(([part, queue]) => sources.flatMap((context) => senders(part, queue, context)))).toEqual([]);
  });

  it("lets nobody receive", () => {
    const receivers = resourcesOf(template, "AWS::SQS::Queue").flatMap(({ id }) => {
      const policy = policyOf(template.toJSON() as CloudTemplate, id);
      const request = { action: "sqs:ReceiveMessage", resource: `arn:aws:sqs:{Region}:{AccountId}:{${id}}` };
      return EVERYBODY.filter((caller) => admits(policy, caller, { ...request, context: OURS }));
    });
    expect(receivers).toEqual([]);
  });
});

it("lets alarms of this account alone into the alarms' topic, and only roles into the endpoint's", () => {
  const publishers = (part: string, resource: string, context: Record<string, string>) =>
    EVERYBODY.filter((caller) =>
      admits(policyAt("AWS::SNS::Topic", part), caller, { action: "sns:Publish", resource, context }),
    );

  expect(publishers("/Alarms/Topic/", arns.alarms, OURS)).toEqual([service("cloudwatch")]);
  expect(publishers("/Alarms/Topic/", arns.alarms, ANOTHERS)).toEqual([]);
  expect(publishers("/Model/Notifications/", arns.notifications, OURS)).toEqual([]);
});

describe("the key's policy", () => {
  const users = (action: string, context: Record<string, string>, callers = EVERYBODY) =>
    callers.filter((caller) =>
      admits(policyAt("AWS::KMS::Key", "/Key/"), caller, { action, resource: arns.key, context }),
    );

  it.each(["kms:Decrypt", "kms:GenerateDataKey"])("lets services that send encrypted messages do %s", (action) => {
    const senders = ["s3", "sns", "cloudwatch"].map(service);

    expect(users(action, OURS)).toEqual([OPERATOR, ...senders]);
    // Not each service tells KMS for whom it asks.
    expect(users(action, {})).toEqual([OPERATOR, ...senders]);
    expect(users(action, ANOTHERS)).toEqual([OPERATOR]);
  });

  it("lets CloudWatch encrypt this account's log groups, and no other account's", () => {
    const logs: Caller = { service: "logs.{Region}.amazonaws.com" };
    const group = (account: string) => ({
      "kms:EncryptionContext:aws:logs:arn": `arn:aws:logs:{Region}:${account}:log-group:/aws/sagemaker/Endpoints/x`,
    });

    expect(users("kms:GenerateDataKey", group("{AccountId}"), [logs])).toEqual([logs]);
    expect(users("kms:GenerateDataKey", group("777788889999"), [logs])).toEqual([]);
    expect(users("kms:GenerateDataKey", {}, [logs])).toEqual([]);
  });

  it.each(["kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:PutKeyPolicy", "kms:CreateGrant"])(
    "leaves %s to this account's own policies",
    (action) => {
      expect(users(action, OURS)).toEqual([OPERATOR]);
    },
  );
});

describe("the API's policy", () => {
  const callers = (resource: string, of: ResourcePolicy) =>
    EVERYBODY.filter((caller) => admits(of, caller, { action: "execute-api:Invoke", resource }));
  const policy = () => policyAt("AWS::ApiGateway::RestApi", "/Api/");

  it.each(["GET/v1/embryos", "POST/v1/uploads"])("lets the clinics' principals and this account call %s", (call) => {
    expect(callers(`execute-api:/v1/${call}`, policy())).toEqual([CLINIC, OPERATOR]);
  });

  it("answers a browser's question beforehand, which nobody signs, only where pages are named", async () => {
    const withoutPages = await synthesise();
    const stack = withoutPages.template;
    const closed = policyOf(stack.toJSON() as CloudTemplate, resourceOf(stack, "AWS::ApiGateway::RestApi").id);
    await withoutPages.close();

    expect(callers("execute-api:/v1/OPTIONS/v1/embryos", policy())).toEqual(EVERYBODY);
    expect(callers("execute-api:/v1/OPTIONS/v1/embryos", closed)).toEqual([OPERATOR]);
  });
});

it("lets services call functions only for what is named: this API, this schedule", () => {
  const permissions = resourcesOf(template, "AWS::Lambda::Permission").map(({ properties }) => properties);

  const sources = permissions.map(
    ({ Principal, SourceArn }) => [Principal, JSON.stringify(SourceArn ?? null)] as const,
  );
  const api = resourceOf(template, "AWS::ApiGateway::RestApi").id;
  const schedule = resourceOf(template, "AWS::Events::Rule").id;
  const wanted: Record<string, string> = { "apigateway.amazonaws.com": api, "events.amazonaws.com": schedule };
  expect(sources.filter(([principal, source]) => !source.includes(`"${wanted[principal]}"`))).toEqual([]);
});
