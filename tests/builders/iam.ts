import { z } from "zod";
import { ANY_PLACE, type CloudPlace, type CloudTemplate, TemplateStrings } from "./template-strings.ts";

const Texts = z.array(z.string());
const Statement = z
  .strictObject({
    Sid: z.string().optional(),
    Effect: z.enum(["Allow", "Deny"]),
    Action: Texts.optional(),
    NotAction: Texts.optional(),
    Resource: Texts.optional(),
    NotResource: Texts.optional(),
    Condition: z.record(z.string(), z.record(z.string(), Texts)).default({}),
  })
  .refine(({ Action, NotAction }) => (Action === undefined) !== (NotAction === undefined), "has to name actions once")
  .refine(({ Resource, NotResource }) => (Resource === undefined) !== (NotResource === undefined), "names no resource");

/** A statement of an identity's policy, every value resolved and every list a list. */
export type Statement = z.infer<typeof Statement>;

export interface AccessRequest {
  /** As `s3:GetObject`. */
  readonly action: string;
  /** An ARN, or `*` for actions that know no resources. */
  readonly resource: string;
  /** Condition keys that the request carries. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

/** The policies of AWS's own that our roles may carry, as their documentation shows them. */
const AWS_MANAGED: Readonly<Record<string, readonly string[]>> = {
  "service-role/AWSLambdaBasicExecutionRole": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
  "service-role/AmazonAPIGatewayPushToCloudWatchLogs": [
    ...["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams"],
    ...["logs:PutLogEvents", "logs:GetLogEvents", "logs:FilterLogEvents"],
  ],
};
const AWS_MANAGED_ARN = "arn:aws:iam::aws:policy/";

/**
 * The statements of each role of a template, by the role's logical id: of its inline policies, of policies attached to
 * it, and of managed ones.
 *
 * @throws Error for what this cannot judge: a permissions boundary, an unknown managed policy, a policy variable
 */
export function rolesOf(template: CloudTemplate, place: CloudPlace = ANY_PLACE): Map<string, Statement[]> {
  const strings = new TemplateStrings(template, place);
  const resources = Object.entries(template.Resources);
  const roles = new Map(
    resources.flatMap(([id, { Type }]) => (Type === "AWS::IAM::Role" ? [[id, [] as Statement[]]] : [])) as [
      string,
      Statement[],
    ][],
  );
  const byName = new Map([...roles.keys()].map((id) => [strings.resolve({ Ref: id }), id]));
  const documents = new Map<string, unknown>();

  for (const [id, { Type, Properties = {} }] of resources) {
    if (Type === "AWS::IAM::ManagedPolicy") documents.set(`{${id}}`, Properties.PolicyDocument);
    if (!["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"].includes(Type)) continue;
    const attached = Type === "AWS::IAM::RolePolicy" ? [Properties.RoleName] : ((Properties.Roles ?? []) as unknown[]);
    for (const role of strings.resolveAll(attached)) {
      // A role that is not in the template is somebody else's.
      const ours = byName.get(role);
      if (ours !== undefined) roles.get(ours)!.push(...statementsOf(Properties.PolicyDocument, strings));
    }
  }
  for (const [id, statements] of roles) {
    const { Policies = [], ManagedPolicyArns = [], PermissionsBoundary } = template.Resources[id]!.Properties ?? {};
    if (PermissionsBoundary !== undefined)
      throw new Error(`${id} has a permissions boundary, which is not judged here`);
    for (const { PolicyDocument } of Policies as { PolicyDocument: unknown }[]) {
      statements.push(...statementsOf(PolicyDocument, strings));
    }
    for (const arn of strings.resolveAll(ManagedPolicyArns)) {
      if (documents.has(arn)) statements.push(...statementsOf(documents.get(arn), strings));
      else statements.push(awsManaged(arn));
    }
  }
  return roles;
}

/**
 * Whether an identity with these statements may do this, as IAM decides within one account: what is denied is denied,
 * what is allowed is allowed, all else is denied. Resource policies, boundaries and session policies are left out.
 *
 * @throws Error for a condition operator that is not known here
 */
export function isAllowed(statements: readonly Statement[], request: AccessRequest): boolean {
  // All of them first: an operator that is not understood must not hide behind another statement.
  const conditions = statements.map(({ Condition }) => conditionsOf(Condition));
  const effects = statements.flatMap((statement, n) => {
    const holds = conditions[n]!.every((condition) => condition(request.context ?? {}));
    return holds && covers(statement, request) ? [statement.Effect] : [];
  });
  return effects.includes("Allow") && !effects.includes("Deny");
}

/** `*` is any text, also none; `?` is one character. */
export function matchesPattern(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s").test(text);
}

function covers({ Action, NotAction, Resource, NotResource }: Statement, { action, resource }: AccessRequest): boolean {
  const isAction = (pattern: string) => matchesPattern(pattern.toLowerCase(), action.toLowerCase());
  const isResource = (pattern: string) => matchesPattern(pattern, resource);
  const isActionMeant = Action?.some(isAction) ?? !NotAction!.some(isAction);
  return isActionMeant && (Resource?.some(isResource) ?? !NotResource!.some(isResource));
}

// ---- Policies -------------------------------------------------------------------------------------------------------

function statementsOf(document: unknown, strings: TemplateStrings): Statement[] {
  const { Statement: written } = document as { Statement: unknown };
  return (Array.isArray(written) ? written : [written]).map((statement) => {
    const { Condition = {}, ...parts } = statement as Record<string, unknown>;
    const lists = ["Action", "NotAction", "Resource", "NotResource"].filter((part) => part in parts);
    const resolved = Object.fromEntries(lists.map((part) => [part, withoutVariables(parts[part], strings)]));
    const conditions = mapped(Condition, (keys) => mapped(keys, (values) => withoutVariables(values, strings)));
    return Statement.parse({ ...parts, ...resolved, Condition: conditions });
  });
}

function mapped<T>(values: unknown, change: (value: unknown) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(values as object).map(([key, value]) => [key, change(value)]));
}

/** Without such as `${aws:username}`, which IAM fills in at each request. */
function withoutVariables(values: unknown, strings: TemplateStrings): string[] {
  const texts = strings.resolveAll(values);
  const variable = texts.find((text) => text.includes("${"));
  if (variable !== undefined) throw new Error(`${variable} has a policy variable, which is not judged here`);
  return texts;
}

function awsManaged(arn: string): Statement {
  const actions = arn.startsWith(AWS_MANAGED_ARN) ? AWS_MANAGED[arn.slice(AWS_MANAGED_ARN.length)] : undefined;
  if (actions === undefined) throw new Error(`what ${arn} allows is not known here`);
  return { Effect: "Allow", Action: [...actions], Resource: ["*"], Condition: {} };
}

// ---- Conditions -----------------------------------------------------------------------------------------------------

type Context = NonNullable<AccessRequest["context"]>;
type Comparison = (wanted: string, found: string) => boolean;

const equals: Comparison = (wanted, found) => wanted === found;
const sameArn: Comparison = (wanted, found) => {
  const [patterns, parts] = [arnParts(wanted), arnParts(found)];
  return patterns.length === parts.length && patterns.every((pattern, n) => matchesPattern(pattern, parts[n]!));
};
const sameTruth: Comparison = (wanted, found) => wanted.toLowerCase() === found.toLowerCase();

const COMPARISONS: Readonly<Record<string, { compare: Comparison; negated?: true }>> = {
  StringEquals: { compare: equals },
  StringNotEquals: { compare: equals, negated: true },
  StringLike: { compare: matchesPattern },
  StringNotLike: { compare: matchesPattern, negated: true },
  ArnEquals: { compare: sameArn },
  ArnLike: { compare: sameArn },
  ArnNotLike: { compare: sameArn, negated: true },
  Bool: { compare: sameTruth },
};

function conditionsOf(condition: Statement["Condition"]): ((context: Context) => boolean)[] {
  return Object.entries(condition).flatMap(([operator, keys]) => {
    const holds = operatorNamed(operator);
    return Object.entries(keys).map(
      ([key, wanted]) =>
        (context: Context) =>
          holds(wanted, valuesOf(context, key)),
    );
  });
}

/** @returns whether the values of a key, null where the request has no such key, are as wanted */
function operatorNamed(name: string): (wanted: readonly string[], found: readonly string[] | null) => boolean {
  const [, quantifier, base, ifExists] = name.match(/^(?:(ForAnyValue|ForAllValues):)?(\w+?)(IfExists)?$/) ?? [];
  const comparison = COMPARISONS[base ?? ""];
  if (comparison === undefined) throw new Error(`the condition operator ${name} is not judged here`);
  const { compare, negated = false } = comparison;
  return (wanted, found) => {
    if (found === null)
      return ifExists !== undefined || quantifier === "ForAllValues" || (negated && quantifier === undefined);
    const fits = (value: string) => wanted.some((pattern) => compare(pattern, value)) !== negated;
    return quantifier === "ForAnyValue" ? found.some(fits) : found.every(fits);
  };
}

function valuesOf(context: Context, key: string): readonly string[] | null {
  const [, value] = Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase()) ?? [];
  return value === undefined ? null : [value].flat();
}

/** An ARN's six parts; what follows the fifth colon is one. */
function arnParts(arn: string): string[] {
  const parts = arn.split(":");
  return [...parts.slice(0, 5), parts.slice(5).join(":")];
}
