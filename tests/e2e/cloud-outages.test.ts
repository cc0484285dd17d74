import { describe, expect, it } from "vitest";
import type { FunctionName } from "../builders/cloud-bundles.ts";
import { usingCloudHouse } from "../builders/cloud-house.ts";
import { type AwsService, refusal, type WireCall } from "../builders/cloud-wire.ts";

/** AWS that throttles or fails, functions that die, clocks that are wrong. */
/** `adapters/aws/station-client.ts`. */
const TRIES_OF_THE_SDK = 5;

describe("the functions as deployed", () => {
  const house = usingCloudHouse();

  const THROTTLED: Readonly<Record<AwsService, readonly [status: number, code: string]>> = {
    dynamodb: [400, "ThrottlingException"],
    s3: [503, "SlowDown"],
    sqs: [400, "ThrottlingException"],
    sagemaker: [429, "ThrottlingException"],
  };

  /** @param times how often; then it works again @returns how often it was asked meanwhile */
  function throttle(service: AwsService, times = Number.POSITIVE_INFINITY, only = (_call: WireCall) => true) {
    const calls = { refused: 0 };
    house().wire.intercept = async (call, pass) => {
      if (call.service !== service || calls.refused >= times || !only(call)) return pass();
      calls.refused++;
      return refusal(service, ...THROTTLED[service]);
    };
    return calls;
  }
  const endFaults = () => {
    house().wire.intercept = (_call, pass) => pass();
  };

  async function expectGradedOnce(uploadId: string, embryoId: string): Promise<void> {
    expect(await house().answerOf(uploadId)).toMatchObject({ status: "graded", rejection: null });
    expect(await house().countRecords(embryoId)).toBe(1);
    expect(
      house()
        .movesOf(uploadId)
        .filter((status) => status === "graded").length,
    ).toBeLessThanOrEqual(1);
    for (const queue of Object.values(house().queues)) expect(await queue.dead()).toEqual([]);
  }

  it.each(["dynamodb", "s3", "sqs", "sagemaker"] as const)("grade an upload while %s throttles", async (service) => {
    const uploadId = await house().uploadStill(`${service} throttles`);
    // The SDK asks five times at each attempt of a station.
    const calls = throttle(service, 12);

    await house().settle();

    expect(calls.refused).toBe(12);
    await expectGradedOnce(uploadId, `${service} throttles`);
  });

  it("give an upload up that the endpoint throttles for good, and grade it once it is redriven", async () => {
    const uploadId = await house().uploadStill("throttled for good");
    const calls = throttle("sagemaker");
    await house().settle();
    const givenUp = await house().answerOf(uploadId);
    const dead = await house().queues.crop.dead();
    endFaults();

    const redrive = await house().redrive("crop");
    await house().settle();

    const attempts = Number(house().functions.crop.deployed.environment.MAX_ATTEMPTS);
    expect(calls.refused).toBe(attempts * TRIES_OF_THE_SDK);
    expect(givenUp).toMatchObject({ status: "rejected", rejection: { code: "STATION_GAVE_UP" } });
    expect(dead.map(({ cause }) => cause)).toEqual([
      expect.stringMatching(/^MODEL_UNAVAILABLE: .*ThrottlingException/),
    ]);
    expect(redrive).toEqual({ sent: 1, dropped: 0, kept: 0 });
    await expectGradedOnce(uploadId, "throttled for good");
  });

  it.each(["stored", "finished"] as const)("give up what S3 denies at the %s queue, and redrive it", async (queue) => {
    const embryoId = `denied at ${queue}`;
    const uploadId = await house().uploadStill(embryoId);
    throttle("s3", Number.POSITIVE_INFINITY, ({ operation }) =>
      operation.includes(queue === "stored" ? `/uploads/north/${uploadId}` : `/predictions/north/${uploadId}`),
    );
    await house().settle();
    const givenUp = await house().answerOf(uploadId);
    const dead = await house().queues[queue].dead();
    endFaults();

    await house().redrive(queue);
    await house().settle();

    expect(givenUp.rejection?.code).toBe("STATION_GAVE_UP");
    expect(dead.map(({ cause }) => cause)).toEqual([expect.stringMatching(/^STORAGE_UNAVAILABLE: .*503/)]);
    await expectGradedOnce(uploadId, embryoId);
  });

  it("leave a message to SQS where not even its grading can be closed, and grade it once it is redriven", async () => {
    const uploadId = await house().uploadStill("no table");
    throttle("dynamodb");
    await house().settle();
    endFaults();
    const waits = await house().answerOf(uploadId);
    const dead = await house().queues.stored.dead();

    await house().redrive("stored");
    await house().settle();

    expect(waits).toMatchObject({ status: "received", rejection: null });
    expect(dead).toEqual([{ body: expect.stringContaining(uploadId), cause: null }]);
    await expectGradedOnce(uploadId, "no table");
  });

  it.each<[functionName: FunctionName, after: string, is: (call: WireCall) => boolean]>([
    ["ingest", "pinning the version", (call) => writesRow(call, '"objectVersion')],
    [
      "ingest",
      "writing the time-lapse",
      (call) => call.operation.startsWith("PUT") && call.operation.includes("/time-lapses/"),
    ],
    ["ingest", "sending the crop job", ({ service, operation }) => service === "sqs" && operation === "SendMessage"],
    ["crop", "writing the clip", ({ operation }) => operation.startsWith("PUT") && operation.includes("/clips/")],
    ["crop", "moving the grading", (call) => writesRow(call, '\\"status\\":\\"grading\\"')],
    ["crop", "asking the endpoint", ({ service }) => service === "sagemaker"],
    [
      "finished",
      "drawing the explanation",
      ({ operation }) => operation.startsWith("PUT") && operation.includes("/explanations/"),
    ],
    ["finished", "writing the record", (call) => writesRow(call, "RECORD#")],
    ["finished", "moving the grading", (call) => writesRow(call, '\\"status\\":\\"graded\\"')],
  ])("grade an upload once though %s dies after %s", async (functionName, after, is) => {
    const embryoId = `${functionName} dies after ${after}`;
    const uploadId = await house().uploadStill(embryoId);
    let died = 0;
    let recorded: object | null = null;
    house().wire.intercept = async (call, pass) => {
      const answer = await pass();
      if (died === 0 && is(call)) {
        died++;
        recorded = await house().records.findNewest("north", embryoId);
        await house().functions[functionName].kill();
      }
      return answer;
    };

    await house().settle();

    expect(died).toBe(1);
    await expectGradedOnce(uploadId, embryoId);
    expect(await house().records.findNewest("north", embryoId)).toEqual(recorded ?? expect.anything());
  });

  it("grade an upload whose form was given out by a clock an hour ahead, without sweeping it", async () => {
    await house().functions.api.redeploy({ clockAheadSeconds: 3600 });
    const uploadId = await house().uploadStill("from the future");

    const early = await house().sweep();
    await house().settle();
    const late = await house().sweep();

    expect([early, late]).toMatchObject(new Array(2).fill({ sent: 0, closed: 0 }));
    expect((await house().gradings.find(uploadId))?.receivedAt.localeCompare(new Date().toISOString())).toBe(1);
    await expectGradedOnce(uploadId, "from the future");
  });

  it.each([3600, -3600])("grade an upload once while the sweep's clock is %d s off", async (clockAheadSeconds) => {
    const embryoId = `swept ${clockAheadSeconds} s off`;
    await house().functions.sweep.redeploy({ clockAheadSeconds });
    const [uploadId, waiting] = [await house().uploadStill(embryoId), (await house().askForForm()).uploadId];

    await house().sweep();
    for (const queue of Object.values(house().queues)) {
      await queue.deliver();
      await house().sweep();
    }
    const asked = house().endpoint.waiting.length;
    await house().settle();
    await house().sweep();
    await house().settle();

    expect(asked).toBe(1);
    expect(await house().answerOf(waiting)).toMatchObject({ status: "received", rejection: null });
    await expectGradedOnce(uploadId, embryoId);
  });

  it.each<[FunctionName, number]>([
    ["ingest", 3600],
    ["crop", 3600],
    ["finished", 3600],
    ["ingest", -3600],
    ["crop", -3600],
    ["finished", -3600],
  ])("grade an upload once while the clock of %s is %d s off", async (functionName, clockAheadSeconds) => {
    const embryoId = `${functionName} ${clockAheadSeconds} s off`;
    await house().functions[functionName].redeploy({ clockAheadSeconds });
    const uploadId = await house().uploadStill(embryoId);

    for (const queue of Object.values(house().queues)) {
      await queue.deliver();
      await house().sweep();
    }
    await house().settle();

    await expectGradedOnce(uploadId, embryoId);
  });
});

function writesRow({ operation, body }: WireCall, words: string): boolean {
  return operation === "PutItem" && body.includes(words);
}
