import { afterAll, describe, expect, it, vi } from "vitest";
import { openSageMakerEndpoint } from "../../adapters/aws/sagemaker-endpoint.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import { awsStandIn, FAULTS, refusal } from "./aws-stand-in.builders.ts";

const clipKey = objectKeys.clip("north", "grading-1");
const predictionKey = objectKeys.prediction("north", "grading-1");
const request = { gradingId: "grading-1", clipKey };

afterAll(() => vi.unstubAllEnvs());

/** An endpoint, and what answers it: SageMaker as it writes to `OutputLocation`. */
async function watchedEndpoint(OutputLocation = `s3://clinic-bucket/${predictionKey}`, failureLocation?: string) {
  const body = JSON.stringify({ InferenceId: "grading-1" });
  const aws = await awsStandIn(async () => ({
    status: 202,
    body,
    headers: {
      "X-Amzn-SageMaker-OutputLocation": OutputLocation,
      ...(failureLocation !== undefined && { "X-Amzn-SageMaker-FailureLocation": failureLocation }),
    },
  }));
  const endpoint = openSageMakerEndpoint({
    endpointName: "blastograde-demo",
    bucket: "clinic-bucket",
    requestTtlSeconds: 21_600,
    invocationTimeoutSeconds: 900,
    requestTimeoutMs: 1_000,
  });
  return { aws, endpoint };
}

describe("the SageMaker endpoint", () => {
  it("asks for the clip's prediction under the grading's id, with both time limits", async () => {
    const { aws, endpoint } = await watchedEndpoint();

    await endpoint.invoke(request);

    expect(aws.calls).toMatchObject([
      {
        path: "/endpoints/blastograde-demo/async-invocations",
        body: "",
        headers: {
          "x-amzn-sagemaker-inputlocation": `s3://clinic-bucket/${clipKey}`,
          "x-amzn-sagemaker-inference-id": "grading-1",
          "x-amzn-sagemaker-content-type": "application/x-npz",
          "x-amzn-sagemaker-accept": "application/json",
          "x-amzn-sagemaker-requestttlseconds": "21600",
          "x-amzn-sagemaker-invocationtimeoutseconds": "900",
        },
      },
    ]);
  });

  it("has the prediction written where the stations look for it", async () => {
    const { aws, endpoint } = await watchedEndpoint();

    await endpoint.invoke(request);

    const headers = aws.calls[0]?.headers ?? {};
    const folder = headers["x-amzn-sagemaker-s3outputpathextension"];
    expect(`${folder}/${headers["x-amzn-sagemaker-filename"]}`).toBe(predictionKey);
  });

  it.each([
    ["s3://clinic-bucket/failures/8d1f0c-error.out", "failures/8d1f0c-error.out"],
    ["s3://another-bucket/failures/8d1f0c-error.out", null],
    [undefined, null],
  ])("tells where a failure would be explained: %s", async (location, failureKey) => {
    const { endpoint } = await watchedEndpoint(undefined, location);

    expect(await endpoint.ask(request)).toEqual({ failureKey });
  });

  it.each([
    "s3://clinic-bucket//predictions/north/grading-1.json",
    "s3://clinic-bucketpredictions/north/grading-1.json",
    "s3://clinic-bucket/output/predictions/north/grading-1.json",
    "s3://clinic-bucket/8d1f0c.out",
  ])("says what is wrong with an endpoint that would write to %s", async (elsewhere) => {
    const { endpoint } = await watchedEndpoint(elsewhere);

    const invoked = endpoint.invoke(request);

    await expect(invoked).rejects.toMatchObject({
      code: "MODEL_UNAVAILABLE",
      retryable: true,
      message: expect.stringMatching(/S3OutputPath to s3:\/\/clinic-bucket\.$/),
    });
  });

  it.each([...FAULTS, ["knows no such endpoint", refusal(400, "ValidationError"), 1] as const])(
    "says that the model is unavailable when SageMaker %s",
    async (_what, fault, times) => {
      const { aws, endpoint } = await watchedEndpoint();
      aws.answer = async () => fault;

      const invoked = endpoint.invoke(request);

      await expect(invoked).rejects.toMatchObject({ code: "MODEL_UNAVAILABLE", retryable: true });
      expect(aws.calls).toHaveLength(times);
    },
  );

  it("asks again, for the same grading, where an answer is lost", async () => {
    const { aws, endpoint } = await watchedEndpoint();
    aws.answer = async (_call, serve) => (aws.calls.length === 1 ? "reset" : serve());

    await endpoint.invoke(request);

    const ids = aws.calls.map(({ headers }) => headers["x-amzn-sagemaker-inference-id"]);
    expect(ids).toEqual(["grading-1", "grading-1"]);
  });
});
