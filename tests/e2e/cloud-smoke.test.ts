import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { usingCloudHouse } from "../builders/cloud-house.ts";

describe("the smoke grading after a deployment", () => {
  const house = usingCloudHouse();

  /** What the CDK's provider asks both functions with. */
  function deployment(RequestType: "Create" | "Update" | "Delete" = "Update") {
    return {
      RequestType,
      RequestId: randomUUID(),
      ResponseURL: "https://cloudformation-custom-resource-response.example/",
      StackId: "arn:aws:cloudformation:eu-west-1:000000000000:stack/Blastograde-test/1",
      LogicalResourceId: "SmokeTestGrading",
      ResourceType: "Custom::SmokeGrading",
      ResourceProperties: { ServiceToken: "arn:aws:lambda:eu-west-1:000000000000:function:provider", revision: "2" },
    };
  }

  async function started(event: object) {
    const answer = (await house().functions["smoke-start"].invoke(event)) as object;
    return { ...event, ...answer };
  }
  const checked = (event: object) => house().functions["smoke-check"].invoke(event);

  it("waits for the endpoint, and is complete with the answer that the CPU gave", async () => {
    const event = await started(deployment());
    const early = await checked(event);

    await house().settle();
    const late = await checked(event);

    expect([early, late]).toEqual([{ IsComplete: false }, { IsComplete: true }]);
    // Its notification is of no grading.
    expect(await house().queues.finished.dead()).toEqual([]);
  });

  it("fails where another model was deployed than the one whose answer is known", async () => {
    const { environment } = house().functions["smoke-check"].deployed;
    await house().functions["smoke-check"].redeploy({ environment: { ...environment, MODEL_SHA256: "0".repeat(64) } });
    const event = await started(deployment());
    await house().settle();

    await expect(checked(event)).rejects.toMatchObject({ code: "PREDICTION_INVALID" });
  });

  it.each<[what: string, change: (json: string) => string]>([
    ["of another model", (json) => json.replace(/"modelSha256":"[0-9a-f]{64}"/, `"modelSha256":"${"0".repeat(64)}"`)],
    ["with other scores", (json) => json.replace(/"rawScore":[0-9.e-]+/, '"rawScore":0.999')],
    ["that breaks its schema", (json) => json.replace(/"rawScore":[0-9.e-]+/, '"rawScore":null')],
  ])("fails with an answer %s", async (_what, change) => {
    house().endpoint.container = async (clip, request) => {
      const { status, body } = await house().endpoint.deployed(clip, request);
      return { status, body: change(new TextDecoder().decode(body as Uint8Array)) };
    };
    const event = await started(deployment());
    await house().settle();

    await expect(checked(event)).rejects.toMatchObject({ code: "PREDICTION_INVALID" });
  });

  it("fails at once with the container's own words where that has failed", async () => {
    house().endpoint.container = async () => ({ status: 500, body: "no CUDA device" });
    const event = await started(deployment());
    await house().settle();

    const checking = checked(event);

    await expect(checking).rejects.toMatchObject({ code: "MODEL_FAILED", message: expect.stringContaining("no CUDA") });
  });

  it("asks for nothing where the deployment is taken down", async () => {
    const event = await started(deployment("Delete"));

    expect(await checked(event)).toEqual({ IsComplete: true });
    expect(house().endpoint.waiting).toEqual([]);
  });
});
