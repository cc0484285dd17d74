import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AccessRequest, isAllowed, matchesPattern, rolesOf, type Statement } from "../builders/iam.ts";
import { type CloudResource, TemplateStrings } from "../builders/template-strings.ts";

const UPLOADS = "arn:aws:s3:::{Uploads}";

/** A template as the CDK would synthesise it: one role, a bucket, a table with a name, a queue, a key, an endpoint. */
function template(policy: Readonly<Record<string, unknown>>, others: Readonly<Record<string, CloudResource>> = {}) {
  const { Statement: written, ...role } = policy;
  return {
    Resources: {
      Uploads: { Type: "AWS::S3::Bucket" },
      Records: { Type: "AWS::DynamoDB::Table", Properties: { TableName: "records" } },
      Jobs: { Type: "AWS::SQS::Queue" },
      Endpoint: { Type: "AWS::SageMaker::Endpoint" },
      Role: { Type: "AWS::IAM::Role", Properties: role },
      Policy: {
        Type: "AWS::IAM::Policy",
        Properties: { Roles: [{ Ref: "Role" }], PolicyDocument: { Version: "2012-10-17", Statement: written ?? [] } },
      },
      ...others,
    },
  };
}

function statement(parts: Partial<Statement>): Statement {
  const meant = { ...(parts.NotAction ? {} : { Action: ["*"] }), ...(parts.NotResource ? {} : { Resource: ["*"] }) };
  return { Effect: "Allow", Condition: {}, ...meant, ...parts };
}

const getUpload: AccessRequest = { action: "s3:GetObject", resource: `${UPLOADS}/uploads/north/1` };

describe("rolesOf", () => {
  it.each([
    [{ "Fn::Join": ["", [{ "Fn::GetAtt": ["Uploads", "Arn"] }, "/uploads/*"]] }, `${UPLOADS}/uploads/*`],
    [{ "Fn::Join": ["", ["arn:", { Ref: "AWS::Partition" }, ":s3:::", { Ref: "Uploads" }, "/*"]] }, `${UPLOADS}/*`],
    [{ "Fn::Sub": ["$" + "{Uploads.Arn}/$" + "{Prefix}/*", { Prefix: "clips" }] }, `${UPLOADS}/clips/*`],
    [{ "Fn::GetAtt": ["Records", "Arn"] }, "arn:aws:dynamodb:{Region}:{AccountId}:table/records"],
    [
      { "Fn::Sub": "arn:aws:sqs:$" + "{AWS::Region}:$" + "{AWS::AccountId}:$" + "{Jobs.QueueName}" },
      "arn:aws:sqs:{Region}:{AccountId}:{Jobs}",
    ],
    [{ "Fn::GetAtt": ["Jobs", "Arn"] }, "arn:aws:sqs:{Region}:{AccountId}:{Jobs}"],
    [{ Ref: "Endpoint" }, "arn:aws:sagemaker:{Region}:{AccountId}:endpoint/{Endpoint}"],
    [{ "Fn::Select": [2, { "Fn::Split": ["/", { "Fn::Join": ["/", ["a", "b", "c"]] }] }] }, "c"],
    [{ "Fn::ImportValue": "Shared" }, "{import Shared}"],
    [{ "Fn::GetAtt": ["Elsewhere", "Arn"] }, "{Elsewhere.Arn}"],
  ])("writes %j as %s", (resource, text) => {
    const written = template({ Statement: { Effect: "Allow", Action: "any:Thing", Resource: resource } });

    const roles = rolesOf(written);

    expect(roles).toEqual(new Map([["Role", [statement({ Action: ["any:Thing"], Resource: [text] })]]]));
  });

  it("collects inline, attached and managed policies, AWS's own among them", () => {
    const allow = (action: string) => ({ Statement: [{ Effect: "Allow", Action: action, Resource: "*" }] });
    const written = template(
      {
        Statement: allow("sqs:SendMessage").Statement,
        Policies: [{ PolicyName: "inline", PolicyDocument: allow("s3:GetObject") }],
        ManagedPolicyArns: [
          { Ref: "Managed" },
          {
            "Fn::Join": [
              "",
              ["arn:", { Ref: "AWS::Partition" }, ":iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"],
            ],
          },
        ],
      },
      {
        Managed: { Type: "AWS::IAM::ManagedPolicy", Properties: { PolicyDocument: allow("kms:Decrypt") } },
        Attached: {
          Type: "AWS::IAM::ManagedPolicy",
          Properties: { PolicyDocument: allow("xray:PutTraceSegments"), Roles: [{ Ref: "Role" }] },
        },
        Other: { Type: "AWS::IAM::Role" },
      },
    );

    const roles = rolesOf(written);

    const actions = roles.get("Role")!.flatMap(({ Action }) => Action);
    expect(actions.toSorted()).toEqual([
      ...["kms:Decrypt", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "s3:GetObject"],
      ...["sqs:SendMessage", "xray:PutTraceSegments"],
    ]);
    expect(roles.get("Other")).toEqual([]);
  });

  it("names the place where one is given", () => {
    const place = { region: "eu-west-1", account: "1".repeat(12) };

    const arn = new TemplateStrings(template({}), place).arnOf("Jobs");

    expect(arn).toBe(`arn:aws:sqs:eu-west-1:${"1".repeat(12)}:{Jobs}`);
  });

  it.each([
    ["a permissions boundary", template({ PermissionsBoundary: "arn:aws:iam::aws:policy/PowerUserAccess" })],
    [
      "iam::aws:policy/AdministratorAccess",
      template({ ManagedPolicyArns: ["arn:aws:iam::aws:policy/AdministratorAccess"] }),
    ],
    [
      "a policy variable",
      template({ Statement: { Effect: "Allow", Action: "s3:*", Resource: "arn:aws:s3:::b/$" + "{aws:username}" } }),
    ],
    [
      "no string is known",
      template({ Statement: { Effect: "Allow", Action: "s3:*", Resource: { "Fn::If": ["a", "b", "c"] } } }),
    ],
    ["Principal", template({ Statement: { Effect: "Allow", Action: "s3:*", Resource: "*", Principal: "*" } })],
    ["has to name actions once", template({ Statement: { Effect: "Allow", Resource: "*" } })],
  ])("refuses to judge %s", (sentence, written) => {
    const read = () => rolesOf(written);

    expect(read).toThrow(sentence);
  });
});

describe("isAllowed", () => {
  const uploadsOnly = statement({ Action: ["s3:GetObject"], Resource: [`${UPLOADS}/uploads/*`] });

  it.each<[string, boolean, Statement[], Partial<AccessRequest>]>([
    ["what is allowed", true, [uploadsOnly], {}],
    ["an action in other letters", true, [uploadsOnly], { action: "S3:getobject" }],
    ["another action", false, [uploadsOnly], { action: "s3:PutObject" }],
    ["another prefix", false, [uploadsOnly], { resource: `${UPLOADS}/clips/1` }],
    ["a resource in other letters", false, [uploadsOnly], { resource: getUpload.resource.toUpperCase() }],
    ["an action by ?", true, [statement({ Action: ["s3:?etObject"] })], {}],
    ["a shorter action by ?", false, [statement({ Action: ["s3:?GetObject"] })], {}],
    ["every action but others", true, [statement({ NotAction: ["s3:Put*"] })], {}],
    ["every action but this", false, [statement({ NotAction: ["s3:Get*"] })], {}],
    ["every resource but others", true, [statement({ NotResource: [`${UPLOADS}/clips/*`] })], {}],
    ["every resource but this", false, [statement({ NotResource: [`${UPLOADS}/*`] })], {}],
    ["a pattern's other signs", false, [statement({ Resource: [UPLOADS.replace("{", ".")] })], { resource: UPLOADS }],
  ])("decides on %s: %s", (_, allowed, statements, request) => {
    const answer = isAllowed(statements, { ...getUpload, ...request });

    expect(answer).toBe(allowed);
  });

  const key = "aws:SourceArn";
  const queue = "arn:aws:sqs:r:1:jobs";
  it.each<[boolean, string, string[], string | string[] | undefined]>([
    [true, "StringEquals", ["a", "b"], "b"],
    [false, "StringEquals", ["a*"], "ab"],
    [false, "StringEquals", ["a"], undefined],
    [true, "StringEqualsIfExists", ["a"], undefined],
    [false, "StringEqualsIfExists", ["a"], "b"],
    [false, "StringNotEquals", ["a", "b"], "b"],
    [true, "StringNotEquals", ["a", "b"], "c"],
    [true, "StringNotEquals", ["a"], undefined],
    [true, "StringLike", ["a*"], "ab"],
    [false, "StringNotLike", ["a*"], "ab"],
    [true, "ArnLike", ["arn:aws:sqs:*:1:j*"], queue],
    [false, "ArnLike", ["arn:*:jobs"], queue],
    [false, "ArnNotLike", ["arn:aws:sqs:*:1:j*"], queue],
    [true, "Bool", ["true"], "TRUE"],
    [false, "Bool", ["false"], "true"],
    [true, "ForAnyValue:StringEquals", ["a", "b"], ["c", "b"]],
    [false, "ForAnyValue:StringEquals", ["a"], undefined],
    [false, "ForAnyValue:StringNotEquals", ["a"], undefined],
    [true, "ForAllValues:StringLike", ["a*", "b"], ["ab", "b"]],
    [false, "ForAllValues:StringLike", ["a*"], ["ab", "b"]],
    [true, "ForAllValues:StringLike", ["a*"], undefined],
  ])("says %s where %s of %j meets %j", (allowed, operator, wanted, found) => {
    const conditioned = statement({ Condition: { [operator]: { [key]: wanted } } });
    const context = found === undefined ? {} : { [key.toUpperCase()]: found };

    const answer = isAllowed([conditioned], { ...getUpload, context });

    expect(answer).toBe(allowed);
  });

  it("wants every condition to hold", () => {
    const both = statement({
      Condition: { StringEquals: { "a:One": ["1"], "a:Two": ["2"] }, Bool: { "a:Three": ["true"] } },
    });
    const context = { "a:One": "1", "a:Two": "2", "a:Three": "true" };

    const answers = [context, { ...context, "a:Two": "1" }, { ...context, "a:Three": "false" }].map((given) =>
      isAllowed([both], { ...getUpload, context: given }),
    );

    expect(answers).toEqual([true, false, false]);
  });

  it("refuses an unknown operator, also where another statement would decide", () => {
    const unknown = statement({
      Action: ["sqs:*"],
      Condition: { DateLessThan: { "aws:CurrentTime": ["2027-01-01"] } },
    });

    const ask = () => isAllowed([statement({}), unknown], getUpload);

    expect(ask).toThrow("the condition operator DateLessThan is not judged here");
  });
});

describe("isAllowed, whatever the statements", () => {
  // Few letters, so that patterns meet requests often.
  const text = (letters: string) => fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 5 });
  const patterns = fc.array(text("ab:*?"), { minLength: 1, maxLength: 3 });
  const condition = fc.constantFrom<Statement["Condition"]>(
    {},
    { StringEquals: { k: ["a"] } },
    { StringNotLike: { k: ["a*"] } },
    { "ForAnyValue:StringLike": { k: ["?"] } },
  );
  const statements = (effect: fc.Arbitrary<Statement["Effect"]>) =>
    fc
      .record({
        Effect: effect,
        Condition: condition,
        actions: patterns,
        resources: patterns,
        not: fc.tuple(fc.boolean(), fc.boolean()),
      })
      .map(
        ({ actions, resources, not, ...rest }): Statement => ({
          ...rest,
          ...(not[0] ? { NotAction: actions } : { Action: actions }),
          ...(not[1] ? { NotResource: resources } : { Resource: resources }),
        }),
      );
  const any = fc.array(statements(fc.constantFrom("Allow", "Deny")), { maxLength: 5 });
  const request: fc.Arbitrary<AccessRequest> = fc.record({
    action: text("ab:"),
    resource: text("ab:"),
    context: fc.constantFrom({}, { k: "a" }, { k: ["b", "ab"] }),
  });

  it("allows nothing by an empty list", () => {
    fc.assert(
      fc.property(request, (asked) => {
        expect(isAllowed([], asked)).toBe(false);
      }),
    );
  });

  it("denies what is denied by name, wherever the statement stands", () => {
    fc.assert(
      fc.property(any, request, fc.nat(), (list, asked, at) => {
        const denied = statement({ Effect: "Deny", Action: [asked.action], Resource: [asked.resource] });

        const answer = isAllowed(list.toSpliced(at % (list.length + 1), 0, denied), asked);

        expect(answer).toBe(false);
      }),
    );
  });

  it("never allows more for one more Deny, nor less for one more Allow", () => {
    fc.assert(
      fc.property(
        any,
        statements(fc.constant("Deny")),
        statements(fc.constant("Allow")),
        request,
        (list, deny, allow, asked) => {
          const before = isAllowed(list, asked);

          const [after, afterAllow] = [isAllowed([...list, deny], asked), isAllowed([allow, ...list], asked)];

          if (!before) expect(after).toBe(false);
          if (before) expect(afterAllow).toBe(true);
        },
      ),
    );
  });

  it("is the same in any order", () => {
    fc.assert(
      fc.property(any, request, (list, asked) => {
        expect(isAllowed(list.toReversed(), asked)).toBe(isAllowed(list, asked));
      }),
    );
  });

  it("matches by a wildcard what it matches by the letter", () => {
    fc.assert(
      fc.property(text("ab:.{}+$/"), fc.nat(), fc.nat(), (literal, from, length) => {
        const start = from % literal.length;
        const rest = literal.slice(start + 1 + (length % literal.length));
        const [star, mark] = [
          `${literal.slice(0, start)}*${rest}`,
          `${literal.slice(0, start)}?${literal.slice(start + 1)}`,
        ];

        expect([literal, star, mark].map((pattern) => matchesPattern(pattern, literal))).toEqual([true, true, true]);
      }),
    );
  });

  it("takes a pattern without wildcards by the letter", () => {
    fc.assert(
      fc.property(text("ab.{}+$/"), text("ab.{}+$/"), (pattern, other) => {
        expect(matchesPattern(pattern, other)).toBe(pattern === other);
      }),
    );
  });
});
