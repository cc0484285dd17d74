import { describe, expect, it } from "vitest";
import { INFERENCE_LIMITS, SWEEP_LIMITS } from "../../core/contracts/cloud-limits.ts";
import { errorNotification, successNotification } from "../builders/cloud-events.ts";
import { usingCloudHouse } from "../builders/cloud-house.ts";
import { otherModel } from "../builders/cloud-model-swap.ts";
import type { ContainerAnswer } from "../builders/cloud-sagemaker.ts";

const DAY_SECONDS = 24 * 3600;

/** What the endpoint may answer to the functions as deployed, or not, or twice. */
describe("the endpoint", () => {
  const house = usingCloudHouse();

  const bodyOf = ({ body }: ContainerAnswer) => new TextDecoder().decode(body as Uint8Array);
  /** The problem that the model server answers. */
  function refusing(status: number, code: string, detail: string, retryable = false): ContainerAnswer {
    return { status, body: JSON.stringify({ type: "about:blank", title: "Refused", status, detail, code, retryable }) };
  }
  const unavailable = refusing(503, "MODEL_UNAVAILABLE", "The model server is shutting down.", true);

  /** The container's own answer, changed. */
  function answering(change: (json: string) => string): void {
    house().endpoint.container = async (clip, request) => {
      const answer = await house().endpoint.deployed(clip, request);
      return { status: 200, body: change(bodyOf(answer)) };
    };
  }

  async function expectGradedOnce(uploadId: string, embryoId: string): Promise<void> {
    expect(await house().answerOf(uploadId)).toMatchObject({ status: "graded", rejection: null });
    expect(await house().countRecords(embryoId)).toBe(1);
    expect(
      house()
        .movesOf(uploadId)
        .filter((status) => status === "graded"),
    ).toHaveLength(1);
    for (const queue of Object.values(house().queues)) expect(await queue.dead()).toEqual([]);
  }

  it.each<[what: string, change: (json: string) => string]>([
    ["NaN", (json) => json.replace(/"A":[0-9.e-]+/, '"A":NaN')],
    ["null for a score", (json) => json.replace(/"A":[0-9.e-]+/, '"A":null')],
    ["scores that do not sum to 1", (json) => json.replace(/"A":[0-9.e-]+/, '"A":1')],
    ["two classes", (json) => json.replaceAll(/"C":[0-9.e-]+,?/g, "").replaceAll(",}", "}")],
    ["an array", (json) => `[${json}]`],
    ["an error object", () => JSON.stringify({ error: "CUDA out of memory" })],
    ["half an answer", (json) => json.slice(0, json.length / 2)],
    ["nothing but a file", () => ""],
  ])("that answers %s gives no grade, and the clinic is told", async (what, change) => {
    answering(change);
    const uploadId = await house().uploadStill(what);

    await house().settle();

    const answer = await house().answerOf(uploadId);
    expect(answer).toMatchObject({ status: "rejected", rejection: { code: "PREDICTION_INVALID" }, icm: null });
    expect(await house().countRecords(what)).toBe(0);
  });

  it("that refuses a clip is asked no more, and the clinic is told why", async () => {
    const detail = "The model grades time-lapse archives only.";
    house().endpoint.container = async () => refusing(422, "STILLS_NOT_OFFERED", detail);
    const uploadId = await house().uploadStill("refused");

    await house().settle();
    const swept = await house().sweep();

    const rejection = { code: "STILLS_NOT_OFFERED", detail };
    expect(await house().answerOf(uploadId)).toMatchObject({ status: "rejected", rejection });
    expect(swept.sent).toBe(0);
  });

  it.each<[what: string, code: string, answer: ContainerAnswer]>([
    ["announces an answer that is not there", "MODEL_FAILED", { status: 200, body: null }],
    ["is shutting down", "MODEL_UNAVAILABLE", unavailable],
    ["runs out of memory", "MODEL_FAILED", { status: 500, body: "CUDA out of memory" }],
  ])("that %s is asked again by the sweep", async (embryoId, code, fault) => {
    house().endpoint.container = async () => fault;
    const uploadId = await house().uploadStill(embryoId);
    await house().settle();
    const setBack = await house().gradings.find(uploadId);
    house().endpoint.container = house().endpoint.deployed;
    const early = await house().sweep();
    await house().age(uploadId, SWEEP_LIMITS.setbackSeconds);

    const swept = await house().sweep();
    await house().settle();

    expect(early.sent).toBe(0);
    expect(setBack).toMatchObject({ status: "cropping", setback: { code } });
    expect(swept).toMatchObject({ sent: 1, closed: 0 });
    await expectGradedOnce(uploadId, embryoId);
  });

  it("that answers another clip is asked again by the sweep", async () => {
    answering((json) => json.replace(/"clipSha256":"[0-9a-f]{64}"/, `"clipSha256":"${"0".repeat(64)}"`));
    const uploadId = await house().uploadStill("another clip");
    await house().settle();
    house().endpoint.container = house().endpoint.deployed;
    await house().age(uploadId, DAY_SECONDS);

    await house().sweep();
    await house().settle();

    await expectGradedOnce(uploadId, "another clip");
  });

  it("that never answers is given up after the last sweep, with the last reason", async () => {
    house().endpoint.container = async () => unavailable;
    const uploadId = await house().uploadStill("never");
    await house().settle();

    for (let times = 0; times < SWEEP_LIMITS.triesAtMost; times++) {
      await house().age(uploadId, DAY_SECONDS);
      await house().sweep();
      await house().settle();
    }

    const { status, rejection } = await house().answerOf(uploadId);
    expect([status, rejection?.code]).toEqual(["rejected", "STATION_GAVE_UP"]);
    expect(rejection?.detail).toContain("The model server is shutting down.");
  });

  it("that tells of one answer twice has it recorded once", async () => {
    const uploadId = await house().uploadStill("told twice");
    await untilAsked();
    const [request] = house().endpoint.waiting;
    await house().endpoint.answerNext();
    const again = successNotification(request!, `s3://${house().resources.bucket}/${request!.outputKey}`);
    await house().queues.finished.send(again);

    await house().settle();
    await house().queues.finished.send(again);
    await house().settle();

    await expectGradedOnce(uploadId, "told twice");
  });

  it("that answers and fails at once is taken at its answer", async () => {
    const uploadId = await house().uploadStill("answered and failed");
    await untilAsked();
    const [request] = house().endpoint.waiting;
    await house().endpoint.answerNext();
    for (let times = 0; times < 4; times++)
      await house().queues.finished.send(errorNotification(request!, 500, "died"));

    await house().queues.finished.deliver();

    await expectGradedOnce(uploadId, "answered and failed");
  });

  it("that answers two uploads of one picture in one batch gives them one record, the first one's", async () => {
    const uploads = [await house().uploadStill("uploaded twice"), await house().uploadStill("uploaded twice")];
    for (const _upload of uploads) await house().queues.stored.deliver();
    for (const _upload of uploads) await house().queues.crop.deliver();
    for (const _upload of uploads) await house().endpoint.answerNext();
    await house().queues.finished.deliver();
    const record = await house().records.findNewest("north", "uploaded twice");

    const late = await house().uploadStill("uploaded twice");
    await house().settle();

    const answers = await Promise.all([...uploads, late].map((id) => house().answerOf(id)));
    expect(answers.map(({ provenance }) => provenance?.gradedAt)).toEqual(new Array(3).fill(record?.gradedAt));
    expect(await house().countRecords("uploaded twice")).toBe(1);
    expect(await house().records.findNewest("north", "uploaded twice")).toEqual(record);
  });

  it("may answer before the crop function has heard that it was asked", async () => {
    house().wire.intercept = async ({ service }, pass) => {
      const asked = await pass();
      if (service === "sagemaker") {
        await house().endpoint.answerNext();
        await house().queues.finished.deliver();
      }
      return asked;
    };
    const uploadId = await house().uploadStill("at once");

    await house().settle();

    await expectGradedOnce(uploadId, "at once");
  });

  it("whose notification is lost is found by the sweep, by the answer that lies there", async () => {
    const uploadId = await house().uploadStill("lost");
    await untilAsked();
    const [request] = house().endpoint.waiting.splice(0);
    const { body } = await house().endpoint.deployed(await house().objects.read(clipKeyOf(request!)), request!);
    await house().objects.write(request!.outputKey, body as Uint8Array);
    await house().age(uploadId, SWEEP_LIMITS.idleSeconds + 60);

    const swept = await house().sweep();
    await house().settle();

    expect(swept).toMatchObject({ sent: 1, closed: 0 });
    await expectGradedOnce(uploadId, "lost");
  });

  it("is asked again for a request that has expired, and not before", async () => {
    const expires = INFERENCE_LIMITS.requestTtlSeconds + INFERENCE_LIMITS.invocationTimeoutSeconds;
    const uploadId = await house().uploadStill("expired");
    await untilAsked();
    house().endpoint.waiting.length = 0;
    await house().age(uploadId, expires - 60);
    const early = await house().sweep();
    await house().age(uploadId, expires + 60);

    const late = await house().sweep();
    await house().settle();

    expect([early.sent, late.sent]).toEqual([0, 1]);
    await expectGradedOnce(uploadId, "expired");
  });

  it("with another model than the clip was cut for has it cut anew, and grades it", async () => {
    const model = await otherModel(house());
    const uploadId = await house().uploadStill("model swapped");
    await untilAsked();
    model.deployEndpoint();
    await house().settle();
    const setBack = await house().gradings.find(uploadId);
    await model.deployCropper();
    await house().age(uploadId, SWEEP_LIMITS.setbackSeconds);

    await house().sweep();
    await house().settle();

    expect(setBack).toMatchObject({ status: "cropping", setback: { code: "CLIP_OF_OTHER_CROPPER" } });
    await expectGradedOnce(uploadId, "model swapped");
    const { provenance } = await house().answerOf(uploadId);
    expect(provenance?.modelSha256).toBe(model.modelSha256);
    expect(provenance?.clipSha256).not.toBe(setBack?.clipSha256);
  });

  /** The stations work until the endpoint has what it is asked for. */
  async function untilAsked(): Promise<void> {
    await house().queues.stored.deliver();
    await house().queues.crop.deliver();
    expect(house().endpoint.waiting).toHaveLength(1);
  }

  const clipKeyOf = ({ inputLocation }: { inputLocation: string }) => inputLocation.replace(/^s3:\/\/[^/]+\//, "");
});
