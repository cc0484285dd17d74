import { type AccessRequest, isAllowed, type Statement, statementsOf } from "./iam.ts";
import { type CloudTemplate, TemplateStrings } from "./template-strings.ts";

/** Who asks: a service's name, a role's or user's ARN, or somebody who did not sign. */
export type Caller = { readonly service: string } | { readonly arn: string } | "anybody";

interface PrincipalStatement {
  /** `*`, ARNs, and names of services. */
  readonly principals: readonly string[];
  readonly statement: Statement;
}

/** The policy of a bucket, a queue, a topic, a key or an API: what it says itself, without what an identity's policy adds. */
export type ResourcePolicy = readonly PrincipalStatement[];

const ANYTHING: Statement = { Effect: "Allow", Action: ["*"], Resource: ["*"], Condition: {} };
const POLICIES: Readonly<Record<string, { readonly property: string; readonly of: string }>> = {
  "AWS::S3::BucketPolicy": { property: "PolicyDocument", of: "Bucket" },
  "AWS::SQS::QueuePolicy": { property: "PolicyDocument", of: "Queues" },
  "AWS::SNS::TopicPolicy": { property: "PolicyDocument", of: "Topics" },
};
/** Types that carry their policy themselves. */
const CARRIED: Readonly<Record<string, string>> = {
  "AWS::KMS::Key": "KeyPolicy",
  "AWS::ApiGateway::RestApi": "Policy",
};

/** The policy of one resource of a template; empty where it has none. @throws Error for a principal that is not known here */
export function policyOf(template: CloudTemplate, logicalId: string): ResourcePolicy {
  const strings = new TemplateStrings(template);
  const ref = strings.resolve({ Ref: logicalId });
  const { Type, Properties = {} } = template.Resources[logicalId]!;
  const documents = Object.values(template.Resources).flatMap((resource) => {
    const policy = POLICIES[resource.Type];
    if (policy === undefined || !strings.resolveAll(resource.Properties?.[policy.of]).includes(ref)) return [];
    return [resource.Properties?.[policy.property]];
  });
  const carried = CARRIED[Type];
  if (carried !== undefined && Properties[carried] !== undefined) documents.push(Properties[carried]);
  return documents.flatMap((document) => {
    const { Statement: written } = document as { Statement: unknown };
    return [written].flat().map((one) => {
      const { Principal, ...rest } = one as Record<string, unknown>;
      return {
        principals: principalsOf(Principal, strings),
        statement: statementsOf({ Statement: rest }, strings)[0]!,
      };
    });
  });
}

/** Whether the resource lets this caller in of itself, whatever the caller's own policies say. */
export function admits(policy: ResourcePolicy, caller: Caller, request: AccessRequest): boolean {
  return isAllowed(about(policy, caller), request);
}

/** Whether the resource turns this caller away, though its own policies allowed everything. */
export function refuses(policy: ResourcePolicy, caller: Caller, request: AccessRequest): boolean {
  return !isAllowed([ANYTHING, ...about(policy, caller)], request);
}

function about(policy: ResourcePolicy, caller: Caller): Statement[] {
  return policy.flatMap(({ principals, statement }) =>
    principals.some((principal) => means(principal, caller)) ? [statement] : [],
  );
}

function means(principal: string, caller: Caller): boolean {
  if (principal === "*") return true;
  if (caller === "anybody") return false;
  if ("service" in caller) return principal === caller.service;
  const account = principal.match(/^arn:aws:iam::([^:]+):root$/)?.[1];
  return account === undefined ? principal === caller.arn : caller.arn.split(":")[4] === account;
}

function principalsOf(written: unknown, strings: TemplateStrings): string[] {
  if (written === "*") return ["*"];
  return Object.entries(written as object).flatMap(([kind, values]) => {
    if (kind !== "AWS" && kind !== "Service") throw new Error(`a principal of the kind ${kind} is not judged here`);
    return strings.resolveAll(values);
  });
}
