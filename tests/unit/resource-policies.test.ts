import { describe, expect, it } from "vitest";
import { admits, policyOf, refuses } from "../builders/resource-policies.ts";

const QUEUE = "arn:aws:sqs:{Region}:{AccountId}:{Jobs}";
const SEND = { action: "sqs:SendMessage", resource: QUEUE };
const OWN = { arn: "arn:aws:iam::{AccountId}:role/station" };
const OTHER = { arn: "arn:aws:iam::777788889999:role/station" };

/** Of the queue `Jobs`, beside a queue that has a policy of its own. */
function policy(...statements: Readonly<Record<string, unknown>>[]) {
  const document = (Statement: unknown) => ({ Version: "2012-10-17", Statement });
  const template = {
    Resources: {
      Jobs: { Type: "AWS::SQS::Queue" },
      Others: { Type: "AWS::SQS::Queue" },
      JobsPolicy: {
        Type: "AWS::SQS::QueuePolicy",
        Properties: { Queues: [{ Ref: "Jobs" }], PolicyDocument: document(statements) },
      },
      OthersPolicy: {
        Type: "AWS::SQS::QueuePolicy",
        Properties: {
          Queues: [{ Ref: "Others" }],
          PolicyDocument: document({ Effect: "Allow", Principal: "*", Action: "sqs:*", Resource: "*" }),
        },
      },
    },
  };
  return policyOf(template, "Jobs");
}

const allowing = (Principal: unknown) =>
  policy({ Effect: "Allow", Principal, Action: "sqs:SendMessage", Resource: { "Fn::GetAtt": ["Jobs", "Arn"] } });

describe("a resource's policy", () => {
  it.each([
    ["*", [true, true, true, true]],
    [{ AWS: "*" }, [true, true, true, true]],
    [{ Service: "sns.amazonaws.com" }, [true, false, false, false]],
    [{ Service: ["s3.amazonaws.com", "sns.amazonaws.com"] }, [true, false, false, false]],
    [{ AWS: "arn:aws:iam::777788889999:role/station" }, [false, false, true, false]],
    [{ AWS: { "Fn::Sub": "arn:aws:iam::$" + "{AWS::AccountId}:root" } }, [false, true, false, false]],
  ])("that names %j lets in a service, an own role, another's, anybody: %j", (principal, admitted) => {
    const callers = [{ service: "sns.amazonaws.com" }, OWN, OTHER, "anybody" as const];

    expect(callers.map((caller) => admits(allowing(principal), caller, SEND))).toEqual(admitted);
  });

  it("refuses what it denies to one, whatever else is allowed, and leaves the rest to the caller's own policies", () => {
    const denying = policy({ Effect: "Deny", Principal: { AWS: OTHER.arn }, Action: "sqs:*", Resource: "*" });

    expect([OWN, OTHER].map((caller) => refuses(denying, caller, SEND))).toEqual([false, true]);
    expect([OWN, OTHER].map((caller) => admits(denying, caller, SEND))).toEqual([false, false]);
  });

  it("is none where nobody wrote one", () => {
    const template = { Resources: { Jobs: { Type: "AWS::SQS::Queue" } } };

    expect(policyOf(template, "Jobs")).toEqual([]);
  });

  it("is not judged by a principal that is not known here", () => {
    expect(() => allowing({ Federated: "cognito-identity.amazonaws.com" })).toThrow("Federated is not judged here");
  });
});
