import { randomUUID } from "node:crypto";
import type { APIGatewayProxyEvent } from "aws-lambda";
import { TEST_AWS } from "./aws-environment.ts";

export interface ApiRequest {
  /** @default "GET" */
  readonly method?: "GET" | "POST";
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Whose signature the gateway has checked; null for a request that nobody signed. */
  readonly userArn: string | null;
}

/** What a REST API hands to its function, field for field; the gateway takes every body for binary, as ours is told to. */
export function apiGatewayEvent({ method = "GET", path, body, userArn }: ApiRequest): APIGatewayProxyEvent {
  const domainName = `a1b2c3d4e5.execute-api.${TEST_AWS.region}.amazonaws.com`;
  const { pathname, searchParams } = new URL(path, `https://${domainName}`);
  const query = [...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)] as const);
  const headers = {
    Accept: "*/*",
    Host: domainName,
    ...(body !== undefined && { "Content-Type": "application/json" }),
    "X-Forwarded-For": "192.0.2.1",
    "X-Forwarded-Proto": "https",
  };
  return {
    resource: "/{proxy+}",
    path: pathname,
    httpMethod: method,
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    queryStringParameters:
      query.length === 0 ? null : Object.fromEntries(query.map(([name, all]) => [name, all.at(-1)])),
    multiValueQueryStringParameters: query.length === 0 ? null : Object.fromEntries(query),
    pathParameters: { proxy: pathname.slice(1) },
    stageVariables: null,
    requestContext: {
      resourceId: "x1y2z3",
      authorizer: undefined,
      resourcePath: "/{proxy+}",
      httpMethod: method,
      requestTime: "01/Mar/2026:12:00:00 +0000",
      path: `/v1${pathname}`,
      accountId: TEST_AWS.account,
      protocol: "HTTP/1.1",
      stage: "v1",
      domainPrefix: "a1b2c3d4e5",
      requestTimeEpoch: 1772366400000,
      requestId: randomUUID(),
      identity: {
        cognitoIdentityPoolId: null,
        accountId: userArn === null ? null : "111122223333",
        cognitoIdentityId: null,
        caller: userArn === null ? null : "AROAEXAMPLE:uploads",
        sourceIp: "192.0.2.1",
        principalOrgId: null,
        accessKey: userArn === null ? null : "ASIAEXAMPLE",
        cognitoAuthenticationType: null,
        cognitoAuthenticationProvider: null,
        userArn,
        userAgent: "curl/8.5.0",
        user: userArn === null ? null : "AROAEXAMPLE:uploads",
        apiKey: null,
        apiKeyId: null,
        clientCert: null,
      },
      domainName,
      apiId: "a1b2c3d4e5",
    },
    body: body === undefined ? null : Buffer.from(JSON.stringify(body)).toString("base64"),
    isBase64Encoded: body !== undefined,
  };
}

export interface FinishedRequest {
  readonly inferenceId: string;
  readonly endpointName: string;
  /** `s3://bucket/key`. */
  readonly inputLocation: string;
  readonly contentType: string;
  readonly accept: string;
}

const common = ({ inferenceId, endpointName, inputLocation, contentType, accept }: FinishedRequest) => ({
  awsRegion: TEST_AWS.region,
  eventTime: "2026-03-01T12:00:05.414Z",
  receivedTime: "2026-03-01T12:00:04.279Z",
  requestParameters: { accept, contentType, endpointName, inputLocation },
  inferenceId,
  eventVersion: "1.0",
  eventSource: "aws:sagemaker",
  eventName: "InferenceResult",
});

/** What SageMaker publishes when a prediction is written, field for field. */
export function successNotification(request: FinishedRequest, outputLocation: string): object {
  const responseParameters = { contentType: request.accept, outputLocation };
  return { ...common(request), invocationStatus: "Completed", responseParameters };
}

/**
 * What SageMaker publishes when a container answers with an error, field for field: its reason names the status only, and the
 * answer is sent along because the endpoint's configuration says so.
 */
export function errorNotification(request: FinishedRequest, status: number, answer: Uint8Array | string): object {
  const whose = status >= 500 ? "server" : "client";
  return {
    ...common(request),
    invocationStatus: "Failed",
    failureReason: `ClientError: Received ${whose} error (${status}) from model. See the SageMaker Endpoint logs in your account for more information.`,
    responseBody: {
      content: Buffer.from(answer).toString("base64"),
      message: "Check S3 path location(if configured) or Cloudwatch for additional details.",
      encoding: "BASE64",
    },
  };
}
