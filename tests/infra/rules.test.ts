import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Validations } from "aws-cdk-lib";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { AwsSolutionsChecks } from "cdk-nag";
import type { IConstruct } from "constructs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addStage, application } from "../../infra/application.ts";
import { parseStage } from "../../infra/stage.ts";
import { cdkContext, resourcesOf, synthesise } from "../builders/synth.ts";

const LEAST = { alarmEmail: "operations@example.org", monthlyBudgetUsd: 100, clinics: {} };
const NORTH = { north: { principals: ["arn:aws:iam::123456789012:role/north"] } };

describe("AwsSolutions", () => {
  it.each([
    ["as little as it may", {}],
    ["clinics and browsers", { clinics: NORTH, browserOrigins: ["https://north.example"] }],
    ["a network of its own", { privateNetwork: true }],
    ["an account and a region", { account: "123456789012", region: "eu-central-1" }],
  ])("finds nothing that is not acknowledged in a stage with %s", async (_what, stage) => {
    const synthesised = await synthesise({ stage });

    expect(synthesised.functions).toHaveLength(7);
    await synthesised.close();
  });

  it("stops the synthesis when there is something to find", async () => {
    const outdir = await mkdtemp(join(tmpdir(), "blastograde-synth-"));
    const app = application({ outdir, postCliContext: cdkContext(false) });
    const stack = addStage(app, parseStage("test", LEAST, "test"));
    new Bucket(stack, "Planted");

    expect(() => app.synth()).toThrow(/S3 Bucket has server access logs disabled[\s\S]*Blastograde-test\/Planted/);
    await rm(outdir, { recursive: true });
  });

  describe("is answered", () => {
    const everything = { ...LEAST, clinics: NORTH, browserOrigins: ["https://north.example"], privateNetwork: true };
    let outdir: string;
    let acknowledged: readonly { readonly path: string; readonly rule: string; readonly reason: string }[];
    let found: readonly { readonly path: string; readonly rule: string }[];

    beforeAll(async () => {
      outdir = await mkdtemp(join(tmpdir(), "blastograde-synth-"));
      const app = application({ outdir, postCliContext: cdkContext(false) });
      const stack = addStage(app, parseStage("test", everything, "test"));
      acknowledged = stack.node.findAll().flatMap(acknowledgementsOf);
      const checks = new AwsSolutionsChecks(app);
      Object.defineProperty(checks, "isAcknowledged", { value: () => false });
      found = checks
        .validateScope(stack)
        .violations.flatMap(({ ruleName, violatingResources }) =>
          violatingResources.map(({ constructPath = "" }) => ({ rule: ruleName, path: constructPath })),
        );
    });
    afterAll(() => rm(outdir, { recursive: true }));

    it("with a reason wherever it is not followed", () => {
      expect(acknowledged.length).toBeGreaterThan(10);
      for (const { rule, reason } of acknowledged) expect(`${rule}: ${reason}`).toMatch(/: [A-Z].{30,}\.$/);
    });

    it("nowhere that it has nothing to say", () => {
      const idle = acknowledged.filter(
        ({ rule, path }) =>
          !found.some((finding) => finding.rule === rule && `${finding.path}/`.startsWith(`${path}/`)),
      );

      expect(idle).toEqual([]);
    });
  });
});

function acknowledgementsOf({ node }: IConstruct) {
  return node.metadata.flatMap(({ type, data }) => {
    if (type !== Validations.ACKNOWLEDGED_RULES_METADATA_KEY) return [];
    const rules = Object.entries<string>(data).map(([id, reason]) => ({
      rule: id.replace(/^.*::(?=AwsSolutions-)/, ""),
      reason,
    }));
    return rules.filter(({ rule }) => rule.startsWith("AwsSolutions-")).map((one) => ({ ...one, path: node.path }));
  });
}

it("is one stack of no account and no region until a stage names them", async () => {
  const synthesised = await synthesise();

  expect(JSON.stringify(synthesised.template.toJSON())).not.toMatch(/[^0-9a-f][0-9]{12}[^0-9a-f]/);
  await synthesised.close();
});

it("puts functions and model into the network when the stage has one", async () => {
  const { template, functions, close } = await synthesise({ stage: { privateNetwork: true } });

  const placed = resourcesOf(template, "AWS::Lambda::Function").filter(({ properties }) => properties.VpcConfig);
  expect(placed.map(({ id }) => id).sort()).toEqual(functions.map(({ logicalId }) => logicalId).sort());
  expect(resourcesOf(template, "AWS::SageMaker::Model")[0]?.properties.VpcConfig.Subnets).toHaveLength(2);
  template.resourceCountIs("AWS::EC2::NatGateway", 0);
  template.resourceCountIs("AWS::EC2::InternetGateway", 0);
  template.resourceCountIs("AWS::EC2::VPCEndpoint", 4);
  await close();
});
