import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { inferClip } from "../../adapters/local/loopback-endpoint.ts";
import type { GradingStatus } from "../../core/contracts/grading.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import { CLINIC, completed, GRADING, stationHouse } from "../builders/station-house.ts";
import { aGrading } from "./builders.ts";

const clipKey = objectKeys.clip(CLINIC, GRADING);
const predictionKey = objectKeys.prediction(CLINIC, GRADING);

it("stores the model's answer beside the clip, and tells of it", async () => {
  const { ports, asked } = await clipWaiting("grading");

  await inferClip({ gradingId: GRADING, clipKey }, ports);

  expect(asked).toEqual([GRADING]);
  expect(await ports.objects.head(predictionKey)).not.toBeNull();
  const { responseParameters } = completed(GRADING, `s3://local/${predictionKey}`) as { responseParameters: object };
  expect(ports.finished.messages).toMatchObject([{ inferenceId: GRADING, responseParameters }]);
});

it.each(["graded", "rejected"] as const)("asks the model nothing for a grading that is %s already", async (status) => {
  const { ports, asked } = await clipWaiting(status);

  await inferClip({ gradingId: GRADING, clipKey }, ports);

  expect(asked).toEqual([]);
  expect(ports.finished.messages).toEqual([]);
});

/** A clip in the store, its grading, and a model server that keeps a list of whom it was asked for. */
async function clipWaiting(status: GradingStatus) {
  const house = stationHouse();
  await house.gradings.create(aGrading({ gradingId: GRADING, clinicId: CLINIC, status }));
  await house.objects.write(clipKey, new Uint8Array([1, 2, 3]));
  const asked: unknown[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers["x-amzn-sagemaker-inference-id"]);
    response.end("{}");
  });
  onTestFinished(() => void server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const modelUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { ports: { ...house, modelUrl }, asked };
}
