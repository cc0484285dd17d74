import type { Template } from "aws-cdk-lib/assertions";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONSTRUCTS, requestsTo } from "../builders/cloud-requests.ts";
import { isAllowed, rolesOf, type Statement } from "../builders/iam.ts";
import { resourceOf, resourcesOf, type Synthesised, synthesise } from "../builders/synth.ts";
import type { CloudTemplate } from "../builders/template-strings.ts";

/** `adapters/aws/s3-object-store.ts`: GET and HEAD of an object or a version of it, and 404 for one that is not there. */
const reads = (...folders: string[]) => [
  // Without a prefix: see `allowRead` of the storage.
  "s3:ListBucket the bucket",
  ...folders.flatMap((folder) => [
    `s3:GetObject ${folder}`,
    `s3:GetObjectVersion ${folder}`,
    `s3:ListBucket ${folder}`,
  ]),
];
const writes = (...folders: string[]) => folders.map((folder) => `s3:PutObject ${folder}`);
/** `adapters/aws/dynamodb-table.ts`: whatever changes a row is a conditional PutItem. The key is DynamoDB's, in our name. */
const ROWS = [
  ...["dynamodb:GetItem the table", "dynamodb:PutItem the table"],
  ...["kms:Encrypt the key", "kms:DescribeKey the key", "kms:ReEncryptFrom the key", "kms:ReEncryptTo the key"],
];
/** Lambda's poller takes, deletes and counts messages, in the function's name; `sqs-batch.ts` hides and buries them. */
const consumes = (queue: string) => [
  ...["ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility"].map(
    (action) => `sqs:${action} ${queue}`,
  ),
  // The CDK's event source gives this one too.
  `sqs:GetQueueUrl ${queue}`,
  `sqs:SendMessage dead ${queue}`,
];
const KEY = ["kms:Decrypt the key", "kms:GenerateDataKey the key"];
const logs = (name: string) => [`logs:CreateLogStream of ${name}`, `logs:PutLogEvents of ${name}`];
const TRACES = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];
const station = (name: string) => [...KEY, ...TRACES, ...logs(name)];
const ASKS = "sagemaker:InvokeEndpointAsync the endpoint";

/** What each role's code calls, and so the whole of what it may do among the requests of `requestsTo`. */
const MAY: Readonly<Record<keyof typeof CONSTRUCTS, readonly string[]>> = {
  ingest: [
    ...station("ingest"),
    ...consumes("stored"),
    ...reads("uploads/north"),
    ...writes("time-lapses/north"),
    ...ROWS,
    "sqs:SendMessage crop",
  ],
  crop: [
    ...station("crop"),
    ...consumes("crop"),
    ...reads("uploads/north", "time-lapses/north"),
    ...writes("clips/north", "clips/smoke-test", "previews/north"),
    ...ROWS,
    ASKS,
  ],
  finished: [
    ...station("finished"),
    ...consumes("finished"),
    ...reads("predictions/north", "predictions/smoke-test", "clips/north", "clips/smoke-test"),
    ...writes("explanations/north"),
    ...ROWS,
  ],
  api: [
    ...station("api"),
    ...reads("previews/north", "explanations/north", "calibrators"),
    // Whoever posts an upload does so by a form that this role has signed.
    ...writes("uploads/north"),
    ...ROWS,
    ...["dynamodb:Query the table", "dynamodb:Query by-embryo", "dynamodb:Query by-cycle"],
  ],
  sweep: [
    ...station("sweep"),
    ...reads("uploads/north", "predictions/north", "predictions/smoke-test"),
    ...ROWS,
    "dynamodb:Query unfinished",
    ...["stored", "crop", "finished"].flatMap((queue) => [
      ...[`sqs:SendMessage ${queue}`, `sqs:ReceiveMessage dead ${queue}`, `sqs:DeleteMessage dead ${queue}`],
    ]),
  ],
  "smoke-start": [...station("smoke-start"), ...writes("clips/smoke-test"), ASKS],
  "smoke-check": [...station("smoke-check"), ...reads("predictions/smoke-test", "failures")],
  /** SageMaker's documentation of asynchronous endpoints, and of roles of models. */
  model: [
    ...KEY,
    ...logs("model"),
    "logs:DescribeLogStreams of model",
    ...reads("clips/north", "clips/smoke-test"),
    ...writes("predictions/north", "predictions/smoke-test", "failures"),
    ...["predictions/north", "predictions/smoke-test", "failures"].map((folder) => `s3:AbortMultipartUpload ${folder}`),
    "sns:Publish notifications",
    "s3:GetObject the model",
    ...["ecr:GetAuthorizationToken", "ecr:BatchGetImage the image", "ecr:GetDownloadUrlForLayer the image"],
    "ecr:BatchCheckLayerAvailability the image",
    "cloudwatch:PutMetricData as SageMaker",
  ],
};
const NAMES = Object.keys(MAY) as (keyof typeof MAY)[];

let synthesised: Synthesised;
let template: Template;
let roles: Map<string, Statement[]>;

beforeAll(async () => {
  synthesised = await synthesise();
  template = synthesised.template;
  roles = rolesOf(template.toJSON() as CloudTemplate);
});
afterAll(() => synthesised.close());

/** The role that the deployed function or model has, whatever it is called. */
function roleIdOf(name: keyof typeof MAY, of = template): string {
  if (name === "model") {
    return resourceOf(of, "AWS::SageMaker::Model").properties.ExecutionRoleArn["Fn::GetAtt"][0];
  }
  return resourceOf(of, "AWS::Lambda::Function", `/${CONSTRUCTS[name]}/Function/`).properties.Role["Fn::GetAtt"][0];
}

describe.each(NAMES)("the role of %s", (name) => {
  it("may do what its code calls, and nothing else that there is to do", () => {
    const statements = roles.get(roleIdOf(name))!;

    const allowed = [...requestsTo(template)].flatMap(([short, request]) =>
      isAllowed(statements, request) ? [short] : [],
    );

    expect(allowed.sort()).toEqual([...MAY[name]].sort());
  });

  it("is taken on by its own service only", () => {
    const { properties } = resourcesOf(template, "AWS::IAM::Role").find(({ id }) => id === roleIdOf(name))!;

    const service = name === "model" ? "sagemaker.amazonaws.com" : "lambda.amazonaws.com";
    expect(properties.AssumeRolePolicyDocument.Statement).toEqual([
      { Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: service } },
    ]);
  });
});

/** Each with why no narrower resource can be named. */
const WITHOUT_RESOURCE = {
  "xray:PutTelemetryRecords": "traces are no resources",
  "xray:PutTraceSegments": "traces are no resources",
  "ecr:GetAuthorizationToken": "a registry's login is the account's",
  "cloudwatch:PutMetricData": "metrics are no resources; held to SageMaker's namespaces by a condition",
};
/** Policies of AWS's own, which take log groups as they come: the gateway's one role, and the CDK's provider framework. */
const WITH_AWS_POLICY =
  /^(ApiGatewayCloudWatchRole|SmokeTestProviderframework(onEvent|isComplete|onTimeout)ServiceRole)/;

/** With a network of its own. */
const WITHOUT_RESOURCE_IN_NETWORK = {
  "ec2:CreateNetworkInterface": "Lambda makes interfaces before they have a name, and not for the function's own code",
  "ec2:DeleteNetworkInterface": "the same",
  "ec2:DescribeDhcpOptions": "EC2 knows no resource for what is only looked at",
  "ec2:DescribeNetworkInterfaces": "the same",
  "ec2:DescribeSecurityGroups": "the same",
  "ec2:DescribeSubnets": "the same",
  "ec2:DescribeVpcs": "the same",
};

/** Actions that some role may do to everything. */
function actionsOnEverything(of: Map<string, Statement[]>): string[] {
  const statements = [...of].flatMap(([id, all]) =>
    WITH_AWS_POLICY.test(id) ? all.filter(({ Action }) => !Action?.every((one) => one.startsWith("logs:"))) : all,
  );
  const allowed = statements.filter(({ Effect, Resource }) => Effect === "Allow" && Resource?.includes("*"));
  return [...new Set(allowed.flatMap(({ Action = [] }) => Action))].sort();
}

it("has no role that may do anything to everything, but what has no resource", () => {
  expect(actionsOnEverything(roles)).toEqual(Object.keys(WITHOUT_RESOURCE).sort());
});

it("has no statement that names actions by a pattern, or by what it does not mean", () => {
  const statements = [...roles.values()].flat();

  const vague = statements.filter(
    ({ Action, NotAction, NotResource }) => NotAction || NotResource || Action?.some((action) => /[*?]/.test(action)),
  );
  expect(vague).toEqual([]);
});

it("names resources by a pattern only below a folder, a log group or a function", () => {
  const resources = new Set(
    [...roles.values()].flatMap((statements) => statements.flatMap((one) => one.Resource ?? [])),
  );

  const patterns = [...resources].filter((resource) => /.[*?]/.test(resource));
  expect(
    patterns.filter((pattern) => !/^arn:aws:(s3:::\{\w+\}\/[a-z/-]+\/|logs:[^*]*:|lambda:[^*]*:)\*$/.test(pattern)),
  ).toEqual([]);
});

it("lets the deployment's own roles call the smoke functions, the check that waits, and nothing else", () => {
  const ours = new Set(NAMES.map((name) => roleIdOf(name)));
  const others = [...roles].filter(([id]) => !ours.has(id)).flatMap(([, statements]) => statements);

  const actions = others.flatMap(({ Action = [] }) => Action).filter((action) => !action.startsWith("logs:"));
  expect(new Set(actions)).toEqual(new Set(["lambda:InvokeFunction", "lambda:GetFunction", "states:StartExecution"]));
  const called = others.flatMap(({ Action = [], Resource = [] }) =>
    Action.includes("lambda:InvokeFunction") ? Resource : [],
  );
  expect(called.filter((arn) => !arn.includes("{SmokeTest"))).toEqual([]);
});

describe("in a private network", () => {
  let network: Synthesised;

  beforeAll(async () => {
    network = await synthesise({ stage: { privateNetwork: true } });
  });
  afterAll(() => network.close());

  it("has no role that may do more to everything than what makes and looks at interfaces", () => {
    const known = { ...WITHOUT_RESOURCE, ...WITHOUT_RESOURCE_IN_NETWORK };

    expect(actionsOnEverything(rolesOf(network.template.toJSON() as CloudTemplate))).toEqual(Object.keys(known).sort());
  });

  it.each(NAMES.filter((name) => name !== "model"))(
    "has interfaces made by Lambda for %s, never by its code",
    (name) => {
      const statements = rolesOf(network.template.toJSON() as CloudTemplate).get(roleIdOf(name, network.template))!;
      const make = { action: "ec2:CreateNetworkInterface", resource: "*" };
      const source = "arn:aws:lambda:{Region}:{AccountId}:function:any";

      const byCode = { ...make, context: { "lambda:SourceFunctionArn": source } };

      expect([isAllowed(statements, make), isAllowed(statements, byCode)]).toEqual([true, false]);
    },
  );
});
