import { Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import {
  AccessLogFormat,
  AuthorizationType,
  CfnMethod,
  type CfnRestApi,
  type CfnStage,
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  MethodLoggingLevel,
  RestApi,
} from "aws-cdk-lib/aws-apigateway";
import { AccountRootPrincipal, AnyPrincipal, ArnPrincipal, PolicyDocument, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";
import { ApiFirewall } from "./api-firewall.ts";
import type { GradingTable } from "./grading-table.ts";
import type { Stage } from "./stage.ts";
import { type StationDefaults, StationFunction } from "./station-function.ts";
import type { Storage } from "./storage.ts";

/** API Gateway waits 29 seconds and no longer. */
const TIMEOUT = Duration.seconds(29);
/** Its process holds 120 MiB (measured, with the code as deployed); the rest is its share of a core, and a shorter cold start. */
const MEMORY_MEBIBYTES = 512;
/** What a browser sends with a signed request. */
const SIGNED_HEADERS = ["authorization", "content-type", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"];

export interface ApiProps extends StationDefaults {
  readonly stage: Stage;
  readonly storage: Storage;
  readonly gradings: GradingTable;
  /** Whether the serving bundle's weights are trained on phantoms. */
  readonly demo: boolean;
}

/**
 * The Hono app behind a REST API, which, unlike an HTTP API, takes a firewall. Every method takes signed requests only, and of
 * those only the clinics' principals and this account's; which clinic a principal speaks for the function decides. The throttle
 * is the stage's and the firewall's limit an address's: neither is a client's, so one clinic can use up what all have.
 */
export class Api extends Construct {
  readonly station: StationFunction;
  readonly api: RestApi;

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id);
    this.station = this.handler(props);
    this.api = this.gateway(props);
    const integration = new LambdaIntegration(this.station.lambda, { timeout: TIMEOUT });
    this.api.root.addMethod("ANY", integration);
    this.api.root.addResource("{proxy+}").addMethod("ANY", integration);
    this.readPreflightsAsText();
    new ApiFirewall(this, "Firewall", {
      stageArn: this.api.deploymentStage.stageArn,
      requestsPerAddress: props.stage.api.requestsPerAddress,
    });
    this.acknowledgeRules();
  }

  private handler({ stage, storage, gradings, demo, ...defaults }: ApiProps): StationFunction {
    const swagger = (file: string) => ({ from: `node_modules/swagger-ui-dist/${file}`, to: `swagger-ui/${file}` });
    const station = new StationFunction(this, "Http", {
      ...defaults,
      entry: "functions/grade/http.ts",
      description: "The HTTP API",
      timeout: TIMEOUT,
      memoryMebibytes: MEMORY_MEBIBYTES,
      reservedConcurrency: stage.reservedConcurrency.api,
      besides: [swagger("swagger-ui.css"), swagger("swagger-ui-bundle.js")],
      environment: {
        ...defaults.environment,
        TABLE_NAME: gradings.table.tableName,
        CLINICS: JSON.stringify(stage.clinics),
        BROWSER_ORIGINS: JSON.stringify(stage.browserOrigins),
        DEMO: String(demo),
      },
    });
    storage.allowRead(station.role, "previews", "explanations", "calibrators");
    // A form's upload is signed by, and runs as, this function.
    storage.allowWrite(station.role, "uploads");
    gradings.allow(station.role, ["GetItem", "PutItem", "Query"], ["byEmbryo", "byCycle"]);
    return station;
  }

  private gateway({ stage, key, logRetentionDays }: ApiProps): RestApi {
    const accessLogs = new LogGroup(this, "AccessLogs", {
      retention: logRetentionDays,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const api = new RestApi(this, "Gateway", {
      restApiName: `blastograde-${stage.name}`,
      endpointTypes: [EndpointType.REGIONAL],
      policy: admitting(stage),
      defaultMethodOptions: { authorizationType: AuthorizationType.IAM },
      // By the request's Accept, of which a browser's and curl's say anything: with "image/webp" they would get base64.
      binaryMediaTypes: ["*/*"],
      cloudWatchRole: true,
      deployOptions: {
        stageName: stage.name,
        accessLogDestination: new LogGroupLogDestination(accessLogs),
        accessLogFormat: accessLogFormat(),
        loggingLevel: MethodLoggingLevel.ERROR,
        dataTraceEnabled: false,
        // Of each method, paid for one by one; alarms and dashboard look at those of the whole API, which cost nothing.
        metricsEnabled: false,
        // Its segments hold the whole path, with the clinic's name of an embryo, and the caller's address. The function's own do not.
        tracingEnabled: false,
        throttlingRateLimit: stage.api.requestsPerSecond,
        throttlingBurstLimit: stage.api.burst,
      },
      ...(stage.browserOrigins.length > 0 && {
        defaultCorsPreflightOptions: {
          allowOrigins: stage.browserOrigins,
          allowMethods: ["GET", "POST"],
          allowHeaders: SIGNED_HEADERS,
          maxAge: Duration.hours(1),
        },
      }),
    });
    const resource = api.node.defaultChild as CfnRestApi;
    // TLS 1.2 at least, with forward secrecy; of itself the gateway would take 1.0.
    resource.securityPolicy = "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09";
    resource.endpointAccessMode = "STRICT";
    return api;
  }

  /** Its template for a question that a browser asks beforehand a gateway of binary bodies cannot read, and answers with 500. */
  private readPreflightsAsText(): void {
    for (const construct of this.api.node.findAll()) {
      if (construct instanceof CfnMethod && construct.httpMethod === "OPTIONS") {
        construct.addPropertyOverride("Integration.ContentHandling", "CONVERT_TO_TEXT");
      }
    }
  }

  private acknowledgeRules(): void {
    // Of the HIPAA pack, which is a report; AwsSolutions does not ask for it.
    Validations.of(this.api.deploymentStage.node.defaultChild as CfnStage).acknowledge({
      id: "HIPAA.Security-APIGWXrayEnabled",
      reason:
        "The gateway's traces hold each request's whole path, with the clinic's name of an embryo, and the caller's address, beyond our key; the function's traces hold neither.",
    });
    acknowledge(
      this.api,
      "APIG2",
      "The function checks each request by the schemas that its OpenAPI document is made of.",
    );
    acknowledge(this.api, "COG4", "Callers are clinics' systems with IAM roles; there are no people to sign in yet.");
    acknowledge(
      this.api,
      "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]",
      "The account's one role for the gateway's logs; AWS takes this policy as it is.",
    );
  }
}

function admitting({ clinics, browserOrigins }: Stage): PolicyDocument {
  const principals = Object.values(clinics).flatMap((clinic) => clinic.principals);
  const invoke = (resource: string) => ({ actions: ["execute-api:Invoke"], resources: [`execute-api:/${resource}`] });
  const statements = [
    new PolicyStatement({
      principals: [new AccountRootPrincipal(), ...[...new Set(principals)].map((arn) => new ArnPrincipal(arn))],
      ...invoke("*"),
    }),
  ];
  if (browserOrigins.length > 0) {
    statements.push(new PolicyStatement({ principals: [new AnyPrincipal()], ...invoke("*/OPTIONS/*") }));
  }
  return new PolicyDocument({ statements });
}

/** No path, no query, no address: a path holds the clinic's own name of an embryo. */
function accessLogFormat(): AccessLogFormat {
  const fields = {
    requestId: "$context.requestId",
    time: "$context.requestTime",
    method: "$context.httpMethod",
    resource: "$context.resourcePath",
    status: "$context.status",
    bytes: "$context.responseLength",
    milliseconds: "$context.responseLatency",
    caller: "$context.identity.userArn",
    firewall: "$context.wafResponseCode",
    tls: "$context.tlsVersion",
  };
  return AccessLogFormat.custom(JSON.stringify(fields));
}
