import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { TrainingJobRequest } from "../../adapters/aws/training-job-request.ts";
import { fakeAws, refuse, runTrain, standInDataset, temporaryFolder } from "./training-job.builders.ts";

const ROLE = "arn:aws:iam::123456789012:role/training";

async function cnnCommand(): Promise<string[]> {
  const folders = ["--data", await standInDataset(), "--out", await temporaryFolder()];
  return ["--on", "sagemaker", "cnn", ...folders, "--role", ROLE, "--bucket", "north", "--epochs", "3", "--flips"];
}

it("sends data and code, and asks SageMaker for one signed job that keeps to its limits", async () => {
  const aws = await fakeAws();

  const { exitCode, stdout } = await runTrain(await cnnCommand(), aws.environment);

  const create = aws.calls.filter((call) => call.headers["x-amz-target"] === "SageMaker.CreateTrainingJob");
  const asked = TrainingJobRequest.parse(JSON.parse(create[0]!.body.toString()));
  expect(exitCode).toBe(0);
  expect(create).toHaveLength(1);
  expect(create[0]!.headers["content-type"]).toBe("application/x-amz-json-1.1");
  expect(create[0]!.headers.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/sagemaker/,
  );
  expect(asked).toMatchObject({
    RoleArn: ROLE,
    EnableManagedSpotTraining: true,
    HyperParameters: { network: '"cnn"', arguments: '"--epochs,3,--flips"', sagemaker_program: '"sagemaker_entry.py"' },
    CheckpointConfig: { LocalPath: "/opt/ml/checkpoints" },
    StoppingCondition: { MaxRuntimeInSeconds: 86_400, MaxWaitTimeInSeconds: 172_800 },
  });
  expect(JSON.parse(stdout)).toMatchObject({ started: true, job: { status: "InProgress" }, request: asked });
  const channel = asked.InputDataConfig[0]!.DataSource.S3DataSource.S3Uri.replace("s3://", "/");
  const code = JSON.parse(asked.HyperParameters.sagemaker_submit_directory!).replace("s3://", "/");
  expect([...aws.objects.keys()].sort()).toEqual([`${channel}manifest.json`, `${channel}shard-00000.tar`, code].sort());
});

it("sends the checkpoint to begin with under its digest, and tells the job where it lies", async () => {
  const aws = await fakeAws();
  const checkpoint = join(await temporaryFolder(), "first.pt");
  await writeFile(checkpoint, "weights");

  const { exitCode, stdout } = await runTrain([...(await cnnCommand()), "--from", checkpoint], aws.environment);

  const { InputDataConfig, HyperParameters } = TrainingJobRequest.parse(JSON.parse(stdout).request);
  const from = InputDataConfig.find(({ ChannelName }) => ChannelName === "from")!.DataSource.S3DataSource.S3Uri;
  expect(exitCode).toBe(0);
  expect(aws.objects.get(`${from.replace("s3://", "/")}best.pt`)?.toString()).toBe("weights");
  expect(HyperParameters.arguments).toBe('"--epochs,3,--flips"');
});

it("sends a pregnancy training's images and the checkpoint that it begins with, and nothing else of the data set", async () => {
  const aws = await fakeAws();
  const data = await standInDataset();
  const checkpoint = join(await temporaryFolder(), "votes.pt");
  await writeFile(checkpoint, "trunk");
  const folders = ["--data", data, "--out", await temporaryFolder(), "--role", ROLE, "--bucket", "north"];

  const command = ["--on", "sagemaker", "pregnancy", ...folders, "--fold", "1", "--from", checkpoint];
  const { exitCode, stdout } = await runTrain(command, aws.environment);

  const { InputDataConfig, HyperParameters } = TrainingJobRequest.parse(JSON.parse(stdout).request);
  const [train, from] = InputDataConfig.map(({ DataSource }) => DataSource.S3DataSource.S3Uri.replace("s3://", "/"));
  const manifest = JSON.parse(aws.objects.get(`${train}manifest.json`)!.toString());
  expect(exitCode).toBe(0);
  expect(manifest.files.map(({ path }: { path: string }) => path)).toEqual(["enhanced.npy", "pregnancy.csv"]);
  expect(aws.objects.get(`${from}best.pt`)?.toString()).toBe("trunk");
  expect(HyperParameters).toMatchObject({ network: '"pregnancy"', arguments: '"--fold,1"' });
});

it("starts no second job and sends nothing again for the same command", async () => {
  const aws = await fakeAws();
  const command = await cnnCommand();
  await runTrain(command, aws.environment);
  const before = aws.calls.length;

  const again = await runTrain(command, aws.environment);

  expect(again.exitCode).toBe(0);
  expect(JSON.parse(again.stdout)).toMatchObject({ started: false, job: { status: "InProgress" } });
  expect(again.stderr).toContain("was started before: InProgress (Training)");
  expect(aws.jobs.size).toBe(1);
  expect(aws.calls.slice(before).filter(({ method }) => method === "PUT")).toEqual([]);
});

it("reports the job that took its name between the question and the start", async () => {
  const aws = await fakeAws();
  let asked = 0;
  aws.intercept = ({ headers }, response) => {
    if (headers["x-amz-target"] !== "SageMaker.DescribeTrainingJob" || asked++ > 0) return false;
    refuse(response, "ValidationException", "Requested resource not found.");
    return true;
  };
  const command = await cnnCommand();
  await runTrain(command, aws.environment);
  asked = 0;

  const { exitCode, stdout } = await runTrain(command, aws.environment);

  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ started: false });
  expect(aws.jobs.size).toBe(1);
});

it("ends with AWS's own words when AWS refuses", async () => {
  const aws = await fakeAws();
  aws.intercept = ({ headers }, response) => {
    if (headers["x-amz-target"] !== "SageMaker.CreateTrainingJob") return false;
    refuse(response, "ResourceLimitExceeded", "The account-level service limit for ml.g5.12xlarge is 0.");
    return true;
  };

  const { exitCode, stderr } = await runTrain(await cnnCommand(), aws.environment);

  expect(exitCode).toBe(2);
  expect(stderr).toContain("AWS answered ResourceLimitExceeded: The account-level service limit");
});

it.each([
  ["no region", { AWS_REGION: "" }, "No AWS region was found"],
  ["no credential", { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" }, "no AWS credentials were found"],
  ["no network", { AWS_ENDPOINT_URL: "http://127.0.0.1:9" }, "AWS was not reached"],
])("says in a sentence that there is %s", async (_, missing, sentence) => {
  const aws = await fakeAws();

  const { exitCode, stderr } = await runTrain(await cnnCommand(), { ...aws.environment, ...missing });

  expect(exitCode).toBe(2);
  expect(stderr).toContain(sentence);
});

it("waits for the end of a job on request, and tells where the model lies", async () => {
  const aws = await fakeAws();
  const command = await cnnCommand();
  await runTrain(command, aws.environment);
  for (const job of aws.jobs.values()) job.status = "Completed";

  const { exitCode, stderr, stdout } = await runTrain([...command, "--wait"], aws.environment);

  expect(exitCode).toBe(0);
  expect(stderr).toContain("model.tar.gz");
  expect(JSON.parse(stdout).job.modelUri).toMatch(/^s3:\/\/north\/train\/jobs\/.*\/model\.tar\.gz$/);
});

it("exits with 1 for a job that has failed, and goes on with its checkpoints in the next attempt", async () => {
  const aws = await fakeAws();
  const command = await cnnCommand();
  await runTrain(command, aws.environment);
  const [first] = [...aws.jobs.values()];
  const early = await runTrain([...command, "--attempt", "2"], aws.environment);
  first!.status = "Failed";

  const again = await runTrain(command, aws.environment);
  const next = await runTrain([...command, "--attempt", "2", "--no-spot"], aws.environment);

  expect([early.exitCode, again.exitCode, next.exitCode]).toEqual([2, 1, 0]);
  expect(early.stderr).toContain("--attempt 2 has to wait");
  const [, second] = [...aws.jobs.values()];
  expect(second!.request.CheckpointConfig).toEqual(first!.request.CheckpointConfig);
  expect(second!.request.TrainingJobName).toBe(`${first!.request.TrainingJobName}-2`);
});

it("shows the job and sends nothing in a dry run", async () => {
  const aws = await fakeAws();

  const { exitCode, stdout } = await runTrain([...(await cnnCommand()), "--dry-run"], aws.environment);

  expect(exitCode).toBe(0);
  expect(TrainingJobRequest.safeParse(JSON.parse(stdout).request).success).toBe(true);
  expect(aws.calls).toEqual([]);
});
