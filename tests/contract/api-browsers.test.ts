import type { APIGatewayProxyResult } from "aws-lambda";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

const NORTH = "https://north.example";
const ENVIRONMENT = {
  STAGE: "test",
  LOG_LEVEL: "silent",
  BUCKET_NAME: "bucket",
  BUCKET_OWNER: "123456789012",
  TABLE_NAME: "table",
  CLINICS: "{}",
  DEMO: "true",
  AWS_REGION: "eu-central-1",
};

beforeEach(() => {
  vi.resetModules();
  for (const [name, value] of Object.entries(ENVIRONMENT)) vi.stubEnv(name, value);
});
afterEach(() => vi.unstubAllEnvs());

/** What the gateway hands over of a page's request; none of it needs AWS. */
async function asked(path: string, origin: string): Promise<APIGatewayProxyResult> {
  const { handler } = await import("../../functions/grade/http.ts");
  const event = {
    resource: "/{proxy+}",
    path,
    httpMethod: "GET",
    headers: { Host: "api.example", Origin: origin },
    multiValueHeaders: { Host: ["api.example"], Origin: [origin] },
    requestContext: { identity: { userArn: "arn:aws:sts::123456789012:assumed-role/nobody/session" } },
    body: null,
    isBase64Encoded: false,
  };
  return (await handler(event as never)) as APIGatewayProxyResult;
}

it("lets a page of the stage's origins read its answers, refusals included", async () => {
  vi.stubEnv("BROWSER_ORIGINS", JSON.stringify([NORTH]));

  const answer = await asked("/healthz", NORTH);
  const refusal = await asked("/v1/embryos", NORTH);

  expect([answer.statusCode, refusal.statusCode]).toEqual([200, 403]);
  for (const { multiValueHeaders } of [answer, refusal]) {
    expect(multiValueHeaders).toMatchObject({ "access-control-allow-origin": [NORTH] });
  }
});

it("lets no other page read them", async () => {
  vi.stubEnv("BROWSER_ORIGINS", JSON.stringify([NORTH]));

  const { multiValueHeaders } = await asked("/healthz", "https://elsewhere.example");

  expect(multiValueHeaders).not.toHaveProperty("access-control-allow-origin");
});

it("says nothing of pages where the stage has none", async () => {
  const { statusCode, multiValueHeaders } = await asked("/healthz", NORTH);

  expect(statusCode).toBe(200);
  expect(multiValueHeaders).not.toHaveProperty("access-control-allow-origin");
});
