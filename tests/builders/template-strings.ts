/** What of a synthesised CloudFormation template is read here. */
export interface CloudTemplate {
  readonly Resources: Readonly<Record<string, CloudResource>>;
}

export interface CloudResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** Where a template is deployed to. */
export interface CloudPlace {
  readonly region: string;
  readonly account: string;
}

/** For templates that leave both open. No colons: ARNs are split at them. */
export const ANY_PLACE: CloudPlace = { region: "{Region}", account: "{AccountId}" };

type ArnForm = (name: string, place: CloudPlace) => string;

interface NamedType {
  /** Property with the name that was chosen for it; without one, CloudFormation makes a name up. */
  readonly name: string;
  readonly arn: ArnForm;
  /** What `Ref` gives. @default the name */
  readonly ref?: "arn";
  /** Attribute that gives the name. */
  readonly nameAttribute?: string;
}

const regional =
  (service: string, kind: string): ArnForm =>
  (name, { region, account }) =>
    `arn:aws:${service}:${region}:${account}:${kind}${name}`;

/** Types whose ARN can be told from their name. Of others, ARNs stay `{LogicalId.Arn}`. */
const NAMED_TYPES: Readonly<Record<string, NamedType>> = {
  "AWS::S3::Bucket": { name: "BucketName", arn: (name) => `arn:aws:s3:::${name}` },
  "AWS::DynamoDB::Table": { name: "TableName", arn: regional("dynamodb", "table/") },
  "AWS::DynamoDB::GlobalTable": { name: "TableName", arn: regional("dynamodb", "table/") },
  "AWS::SQS::Queue": { name: "QueueName", arn: regional("sqs", ""), nameAttribute: "QueueName" },
  "AWS::SNS::Topic": { name: "TopicName", arn: regional("sns", ""), ref: "arn", nameAttribute: "TopicName" },
  "AWS::Lambda::Function": { name: "FunctionName", arn: regional("lambda", "function:") },
  "AWS::KMS::Key": { name: "KeyId", arn: regional("kms", "key/"), nameAttribute: "KeyId" },
  "AWS::IAM::Role": { name: "RoleName", arn: (name, { account }) => `arn:aws:iam::${account}:role/${name}` },
  "AWS::Logs::LogGroup": {
    name: "LogGroupName",
    arn: (name, place) => `${regional("logs", "log-group:")(name, place)}:*`,
  },
  "AWS::SageMaker::Endpoint": {
    name: "EndpointName",
    arn: regional("sagemaker", "endpoint/"),
    ref: "arn",
    nameAttribute: "EndpointName",
  },
};

/**
 * Writes the values of a template as readable strings, the same for every way of saying the same thing: a bucket's
 * `Fn::GetAtt` of `Arn` and a `Fn::Join` around its `Ref` are both `arn:aws:s3:::{Uploads}`, or have its name where the
 * template says one.
 */
export class TemplateStrings {
  private readonly template: CloudTemplate;
  private readonly place: CloudPlace;

  constructor(template: CloudTemplate, place: CloudPlace = ANY_PLACE) {
    this.template = template;
    this.place = place;
  }

  /** @throws Error for a type whose ARN cannot be told from its name */
  arnOf(logicalId: string): string {
    const type = this.template.Resources[logicalId]?.Type;
    const named = type === undefined ? undefined : NAMED_TYPES[type];
    if (named === undefined) throw new Error(`${logicalId} is ${type ?? "no resource"}, whose ARN is not known here`);
    return named.arn(this.nameOf(logicalId, named), this.place);
  }

  /** @throws Error for an intrinsic function that is not known here */
  resolve(value: unknown): string {
    if (typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    const [[name, argument] = [], ...more] = Object.entries(value ?? {});
    if (name === "Ref" && more.length === 0) return this.ref(argument as string);
    if (name === "Fn::GetAtt") return this.attribute(argument as string | [string, string]);
    if (name === "Fn::Join") return this.join(argument as [string, unknown[]]);
    if (name === "Fn::Sub") return this.substitute(argument as string | [string, Record<string, unknown>]);
    if (name === "Fn::Select") return this.select(argument as [number | string, unknown]);
    if (name === "Fn::ImportValue") return `{import ${this.resolve(argument)}}`;
    throw new Error(`no string is known for ${JSON.stringify(value)}`);
  }

  /** A list, or one value as a list of one. */
  resolveAll(values: unknown): string[] {
    return (Array.isArray(values) ? values : [values]).map((value) => this.resolve(value));
  }

  private ref(name: string): string {
    const { region, account } = this.place;
    const pseudo: Readonly<Record<string, string>> = {
      "AWS::Region": region,
      "AWS::AccountId": account,
      "AWS::Partition": "aws",
      "AWS::URLSuffix": "amazonaws.com",
      "AWS::StackName": "{StackName}",
    };
    if (pseudo[name] !== undefined) return pseudo[name];
    const named = NAMED_TYPES[this.template.Resources[name]?.Type ?? ""];
    if (named === undefined) return `{${name}}`;
    return named.ref === "arn" ? this.arnOf(name) : this.nameOf(name, named);
  }

  private attribute(argument: string | readonly [string, string]): string {
    const [logicalId, attribute] = typeof argument === "string" ? argument.split(/\.(.*)/s) : argument;
    const named = NAMED_TYPES[this.template.Resources[logicalId!]?.Type ?? ""];
    if (named !== undefined && attribute === "Arn") return this.arnOf(logicalId!);
    if (named !== undefined && attribute === named.nameAttribute) return this.nameOf(logicalId!, named);
    return `{${logicalId}.${attribute}}`;
  }

  private nameOf(logicalId: string, { name }: NamedType): string {
    const chosen = this.template.Resources[logicalId]?.Properties?.[name];
    return chosen === undefined ? `{${logicalId}}` : this.resolve(chosen);
  }

  private join([separator, values]: readonly [string, readonly unknown[]]): string {
    return values.map((value) => this.resolve(value)).join(separator);
  }

  private substitute(argument: string | readonly [string, Readonly<Record<string, unknown>>]): string {
    const [text, values] = typeof argument === "string" ? [argument, {} as Record<string, unknown>] : argument;
    return text.replaceAll(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
      if (literal !== "") return `\${${name}}`;
      if (name in values) return this.resolve(values[name]);
      return name.includes(".") ? this.attribute(name) : this.ref(name);
    });
  }

  private select([index, list]: readonly [number | string, unknown]): string {
    const split = (list as { "Fn::Split"?: [string, unknown] })["Fn::Split"];
    if (split === undefined && !Array.isArray(list)) throw new Error(`no list is known for ${JSON.stringify(list)}`);
    const parts = split === undefined ? this.resolveAll(list) : this.resolve(split[1]).split(split[0]);
    const part = parts[Number(index)];
    if (part === undefined) throw new Error(`there is no part ${index} in ${JSON.stringify(list)}`);
    return part;
  }
}
