import { expect, it } from "vitest";
import { TrainingJobRequest } from "../../adapters/aws/training-job-request.ts";
import { defaultImage, trainingJobRequest } from "../../cli/training/job-request.ts";
import { parseTrainOptions, type SagemakerTraining } from "../../cli/training/train-options.ts";

const ROLE = "arn:aws:iam::123456789012:role/training";
const INPUTS = {
  datasetSha256: "d".repeat(64),
  datasetBytes: 5 * 1024 ** 3,
  codeSha256: "c".repeat(64),
  cnnSha256: null,
  fromSha256: null,
};

function sagemaker(...extra: string[]): SagemakerTraining {
  const common = ["--data", "prepared", "--out", "run", "--role", ROLE, "--bucket", "north"];
  return parseTrainOptions(["--on", "sagemaker", "cnn", ...common, ...extra]) as SagemakerTraining;
}

const request = (...extra: string[]) => trainingJobRequest(sagemaker(...extra), INPUTS, "eu-west-1");

it("keeps to SageMaker's limits with every option given", () => {
  const all = request(
    ...[
      "--region",
      "eu-west-1",
      "--image",
      "repository/image:tag",
      "--instance",
      "ml.p4d.24xlarge",
      "--instances",
      "2",
    ],
    ...["--max-hours", "10", "--max-wait-hours", "12", "--input-mode", "File", "--kms-key", "alias/training"],
    ...["--volume-gb", "500", "--retries", "5", "--attempt", "3", "--tag", "cost centre=north", "--epochs", "30"],
  );

  expect(TrainingJobRequest.parse(all)).toEqual(all);
  expect(all.TrainingJobName).toMatch(/^blastograde-cnn-[0-9a-f]{32}-3$/);
  expect(all.EnableInterContainerTrafficEncryption).toBe(true);
});

it("names the same training alike, whatever it may cost or take, and another training differently", () => {
  const name = request("--epochs", "3").TrainingJobName;

  expect(request("--epochs", "3", "--no-spot", "--max-hours", "2", "--tag", "a=b").TrainingJobName).toBe(name);
  expect(request("--epochs", "4").TrainingJobName).not.toBe(name);
  expect(request("--epochs", "3", "--instance", "ml.g5.2xlarge").TrainingJobName).not.toBe(name);
});

it("gives the rnn its CNN as a second channel", () => {
  const options = { ...sagemaker("--cnn", "best.pt"), network: "rnn" as const };

  const { InputDataConfig } = trainingJobRequest(options, { ...INPUTS, cnnSha256: "e".repeat(64) }, "eu-west-1");

  expect(InputDataConfig.map(({ ChannelName }) => ChannelName)).toEqual(["train", "cnn"]);
});

it("gives the weights to begin with as a channel, and is another training without them", () => {
  const begun = trainingJobRequest(
    sagemaker("--from", "best.pt"),
    { ...INPUTS, fromSha256: "f".repeat(64) },
    "eu-west-1",
  );

  expect(begun.InputDataConfig[1]).toMatchObject({
    ChannelName: "from",
    DataSource: { S3DataSource: { S3Uri: `s3://north/train/checkpoint/${"f".repeat(64)}/` } },
  });
  expect(begun.HyperParameters.arguments).not.toContain("from");
  expect(begun.TrainingJobName).not.toBe(request().TrainingJobName);
});

it.each(["segmenter", "pregnancy"] as const)(
  "trains the %s on several machines, begun with other weights",
  (network) => {
    const options = { ...sagemaker("--from", "best.pt", "--instances", "2"), network };

    const job = trainingJobRequest(options, { ...INPUTS, fromSha256: "f".repeat(64) }, "eu-west-1");

    expect(TrainingJobRequest.parse(job)).toEqual(job);
    expect(job.TrainingJobName).toMatch(new RegExp(`^blastograde-${network}-`));
    expect(job.HyperParameters.network).toBe(`"${network}"`);
    expect(job.InputDataConfig.map(({ ChannelName }) => ChannelName)).toEqual(["train", "from"]);
    expect(job.ResourceConfig.InstanceCount).toBe(2);
  },
);

it("hands on which weights a pregnancy network downloads, and no file that the job has not", () => {
  const pregnancy = (weights: string) => ({ ...sagemaker("--weights", weights), network: "pregnancy" as const });

  expect(trainingJobRequest(pregnancy("imagenet"), INPUTS, "eu-west-1").HyperParameters.arguments).toBe(
    '"--weights,imagenet"',
  );
  expect(() => trainingJobRequest(pregnancy("resnet50.pth"), INPUTS, "eu-west-1")).toThrow(
    "no file of yours is in the job: begin with --from",
  );
});

it("makes room for the data set once, and twice where the shards lie beside it", () => {
  expect(request().ResourceConfig.VolumeSizeInGB).toBe(35);
  expect(request("--input-mode", "File").ResourceConfig.VolumeSizeInGB).toBe(40);
});

it.each([
  [["--without-clinic", "north; rm -rf /"], "do not come through SageMaker's shell unharmed"],
  [["--device", "cpu"], "--device is chosen by the job's entry point"],
  [["--cnn", "best.pt"], "--cnn is for the rnn only"],
])("refuses %j", (extra, sentence) => {
  expect(() => request(...extra)).toThrow(sentence);
});

it("refuses a cropper on several machines, and an rnn without its CNN", () => {
  const cropper = { ...sagemaker("--instances", "2"), network: "cropper" as const };
  const rnn = { ...sagemaker(), network: "rnn" as const };

  expect(() => trainingJobRequest(cropper, INPUTS, "eu-west-1")).toThrow("The cropper trains in one process");
  expect(() => trainingJobRequest(rnn, INPUTS, "eu-west-1")).toThrow("--cnn is missing");
});

it("refuses an rnn that is to begin with other weights, which its script cannot", () => {
  const rnn = { ...sagemaker("--cnn", "best.pt", "--from", "rnn.pt"), network: "rnn" as const };

  expect(() => trainingJobRequest(rnn, INPUTS, "eu-west-1")).toThrow("--from is for any network but the rnn");
});

it.each([
  ["a wait shorter than the run", request("--max-wait-hours", "1"), "has to be at least the longest run"],
  ["an instance type of another service", request("--instance", "ml.m9.huge"), "is no instance type"],
  ["a role that is none", { ...request(), RoleArn: "arn:aws:iam::1:user/somebody" }, "has to be an IAM role's ARN"],
  ["arguments past 256 characters", request("--without-clinic", "n".repeat(256)), "longer than the 256 characters"],
  ["more than 28 days", { ...request(), StoppingCondition: { MaxRuntimeInSeconds: 3e6 } }, "28 days"],
])("is refused by the schema before it is sent: %s", (_, wrong, sentence) => {
  expect(JSON.stringify(TrainingJobRequest.safeParse(wrong).error?.issues)).toContain(sentence);
});

it("knows AWS's container of common regions, and guesses none elsewhere", () => {
  expect(defaultImage("eu-west-1")).toMatch(/^763104351884\.dkr\.ecr\.eu-west-1\.amazonaws\.com\/pytorch-training:/);
  expect(() => defaultImage("cn-north-1")).toThrow("give --image");
});
