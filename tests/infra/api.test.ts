import { Match } from "aws-cdk-lib/assertions";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resourceOf, resourcesOf, type Synthesised, synthesise } from "../builders/synth.ts";

const NORTH = "arn:aws:iam::123456789012:role/north";
const SOUTH = "arn:aws:iam::210987654321:user/south";
const CLINICS = { north: { principals: [NORTH] }, south: { principals: [SOUTH] } };

let closed: Synthesised;
let withBrowsers: Synthesised;

beforeAll(async () => {
  closed = await synthesise({ stage: { clinics: CLINICS, api: { requestsPerAddress: 500 } } });
  withBrowsers = await synthesise({ stage: { clinics: CLINICS, browserOrigins: ["https://north.example"] } });
});
afterAll(() => Promise.all([closed.close(), withBrowsers.close()]));

const methodsOf = ({ template }: Synthesised) =>
  resourcesOf(template, "AWS::ApiGateway::Method").map(({ properties }) => properties);

describe("the API", () => {
  it("takes signed requests only, on every path and by every method", () => {
    const methods = methodsOf(closed);

    expect(methods.map(({ HttpMethod, AuthorizationType }) => [HttpMethod, AuthorizationType])).toEqual([
      ["ANY", "AWS_IAM"],
      ["ANY", "AWS_IAM"],
    ]);
  });

  it("takes them from the clinics' principals and this account, and from nobody else", () => {
    const { Statement } = resourceOf(closed.template, "AWS::ApiGateway::RestApi").properties.Policy;

    expect(Statement).toEqual([
      {
        Effect: "Allow",
        Action: "execute-api:Invoke",
        Resource: "execute-api:/*",
        Principal: { AWS: expect.arrayContaining([NORTH, SOUTH, { "Fn::Join": expect.anything() }]) },
      },
    ]);
    expect(Statement[0].Principal.AWS).toHaveLength(3);
  });

  it("stands behind a firewall with AWS's lists and a limit for each address", () => {
    const acl = resourceOf(closed.template, "AWS::WAFv2::WebACL");
    const stage = resourceOf(closed.template, "AWS::ApiGateway::Stage");
    const association = resourceOf(closed.template, "AWS::WAFv2::WebACLAssociation");

    expect(association.properties.WebACLArn).toEqual({ "Fn::GetAtt": [acl.id, "Arn"] });
    expect(JSON.stringify(association.properties.ResourceArn)).toContain(stage.id);
    const rules = acl.properties.Rules.map(({ Name }: { Name: string }) => Name);
    expect(rules).toEqual(["AddressLimit", "AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"]);
    expect(acl.properties.Rules[0]).toMatchObject({
      Action: { Block: {} },
      Statement: { RateBasedStatement: { Limit: 500, AggregateKeyType: "IP" } },
    });
  });

  it("is throttled, and logged without a path, a query or an address, which its traces would have", () => {
    const { AccessLogSetting, MethodSettings, TracingEnabled } = resourceOf(
      closed.template,
      "AWS::ApiGateway::Stage",
    ).properties;

    expect(TracingEnabled).toBe(false);
    expect(MethodSettings).toEqual([
      expect.objectContaining({ ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100, DataTraceEnabled: false }),
    ]);
    expect(Object.values(JSON.parse(AccessLogSetting.Format))).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/context\.(path|identity\.sourceIp)|querystring/)]),
    );
    expect(AccessLogSetting.DestinationArn).toBeDefined();
  });

  it("takes TLS 1.2 with forward secrecy and later", () => {
    closed.template.hasResourceProperties("AWS::ApiGateway::RestApi", {
      SecurityPolicy: "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
      EndpointAccessMode: "STRICT",
      EndpointConfiguration: { Types: ["REGIONAL"] },
    });
  });

  it("answers pictures as they are to whoever says that anything will do", () => {
    closed.template.hasResourceProperties("AWS::ApiGateway::RestApi", { BinaryMediaTypes: ["*/*"] });
  });
});

describe("the API for browsers", () => {
  it("answers unsigned what they ask beforehand, from the gateway itself, and nothing else", () => {
    const unsigned = methodsOf(withBrowsers).filter(({ AuthorizationType }) => AuthorizationType !== "AWS_IAM");

    expect(unsigned.length).toBeGreaterThan(0);
    for (const { HttpMethod, Integration } of unsigned) {
      expect({ HttpMethod, type: Integration.Type }).toEqual({ HttpMethod: "OPTIONS", type: "MOCK" });
    }
  });

  it("reads those questions as text, though every other body is bytes", () => {
    const questions = methodsOf(withBrowsers).filter(({ HttpMethod }) => HttpMethod === "OPTIONS");

    expect(questions).toHaveLength(2);
    for (const { Integration } of questions) expect(Integration.ContentHandling).toBe("CONVERT_TO_TEXT");
  });

  it("names the stage's origins and no others", () => {
    const origins = methodsOf(withBrowsers).flatMap(({ Integration }) =>
      (Integration.IntegrationResponses ?? []).map(
        ({ ResponseParameters }: { ResponseParameters: Record<string, string> }) =>
          ResponseParameters["method.response.header.Access-Control-Allow-Origin"],
      ),
    );

    expect(new Set(origins)).toEqual(new Set(["'https://north.example'"]));
  });

  it("admits everybody to those questions only", () => {
    const { Statement } = resourceOf(withBrowsers.template, "AWS::ApiGateway::RestApi").properties.Policy;

    const forAll = Statement.filter(({ Principal }: { Principal: { AWS: unknown } }) => Principal.AWS === "*");
    expect(forAll).toEqual([expect.objectContaining({ Resource: "execute-api:/*/OPTIONS/*" })]);
  });
});

it("has no function that is reached but by the gateway, a queue, the schedule or the deployment", () => {
  closed.template.resourceCountIs("AWS::Lambda::Url", 0);
  closed.template.allResourcesProperties("AWS::Lambda::Permission", {
    Principal: Match.stringLikeRegexp("^(apigateway|events)\\.amazonaws\\.com$"),
    SourceArn: Match.anyValue(),
  });
});
