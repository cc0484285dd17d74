import type { TrainingJobRequest } from "../../adapters/aws/training-job-request.ts";
import { CHECKPOINT_FILE, trainingKeys } from "./send-training.ts";
import { sha256Of } from "./shards.ts";
import { type SagemakerTraining, scriptValue } from "./train-options.ts";

/** What a job trains on, by digest. */
export interface TrainingInputs {
  readonly datasetSha256: string;
  /** Bytes of the data set as it is unpacked. */
  readonly datasetBytes: number;
  readonly codeSha256: string;
  /** The CNN under an RNN; null for the other networks. */
  readonly cnnSha256: string | null;
  /** The checkpoint whose weights a network begins with, any but an RNN; null for random ones. */
  readonly fromSha256: string | null;
}

/**
 * The account that holds AWS's deep-learning containers in most regions; the others have one of their own. From AWS's own
 * Python SDK (accounts) and public uses (tag), not tried.
 */
const CONTAINER_ACCOUNT = "763104351884";
const CONTAINER_REGIONS = [
  ...["us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "eu-west-1", "eu-west-2"],
  ...["eu-west-3", "eu-central-1", "eu-north-1", "ap-northeast-1", "ap-northeast-2", "ap-south-1"],
  ...["ap-southeast-1", "ap-southeast-2"],
];
const CONTAINER_TAG = "2.5.1-gpu-py311-cu124-ubuntu22.04-sagemaker";

/** AWS's PyTorch training container of a region. @throws where we know of none */
export function defaultImage(region: string): string {
  if (!CONTAINER_REGIONS.includes(region)) {
    throw new Error(`We know of no AWS PyTorch container in ${region}: give --image.`);
  }
  return `${CONTAINER_ACCOUNT}.dkr.ecr.${region}.amazonaws.com/pytorch-training:${CONTAINER_TAG}`;
}

// SageMaker's own launcher joins the hyperparameters into a shell command without quoting them.
const SHELL_SAFE = /^[A-Za-z0-9._=:/@%+-]+$/;
/** What the entry point decides; a second value would contradict it. */
const NOT_OURS = /^--(data|out|device|cnn|from|threads)(=|$)/;
const GIBIBYTE = 1024 ** 3;
/** GB for the container's own writing, beside the unpacked data set. */
const SPARE_GB = 30;

/**
 * The training job for these options: PyTorch's container in script mode, with `sagemaker_entry.py` as its program.
 *
 * The job's name is a digest of what is trained, on what and where, so that the same command is the same job. How long it may
 * take, what it may cost (spot or not) and its tags do not make another one. Checkpoints are shared by the attempts at a job.
 *
 * @throws with a sentence when an option cannot be handed on
 */
export function trainingJobRequest(
  options: SagemakerTraining,
  inputs: TrainingInputs,
  region: string,
): TrainingJobRequest {
  checkArguments(options);
  const { network, bucket, role, instance, instances } = options;
  const image = options.image ?? defaultImage(region);
  const kms = options["kms-key"] === undefined ? {} : { KmsKeyId: options["kms-key"] };
  const identity = [
    ...[inputs.datasetSha256, inputs.codeSha256, inputs.cnnSha256, inputs.fromSha256],
    ...[network, options.arguments],
    ...[image, instance, instances, role, region, bucket, kms],
  ];
  const job = `blastograde-${network}-${sha256Of(JSON.stringify(identity)).slice(0, 32)}`;
  const uri = (key: string) => `s3://${bucket}/${key}`;
  const channel = (name: string, key: string): TrainingJobRequest["InputDataConfig"][number] => ({
    ChannelName: name,
    DataSource: {
      S3DataSource: { S3DataType: "S3Prefix", S3Uri: uri(key), S3DataDistributionType: "FullyReplicated" },
    },
    InputMode: options["input-mode"],
  });
  const checkpointChannel = (name: string, sha256: string | null) =>
    sha256 === null ? [] : [channel(name, trainingKeys.checkpoint(sha256))];
  const maxSeconds = Math.round(options["max-hours"] * 3600);
  const waitSeconds = Math.round((options["max-wait-hours"] ?? 2 * options["max-hours"]) * 3600);
  // File mode keeps the shards beside what is unpacked from them.
  const copies = options["input-mode"] === "File" ? 2 : 1;

  return {
    TrainingJobName: options.attempt === 1 ? job : `${job}-${options.attempt}`,
    RoleArn: role,
    AlgorithmSpecification: { TrainingImage: image, TrainingInputMode: options["input-mode"] },
    HyperParameters: hyperParameters({
      sagemaker_program: "sagemaker_entry.py",
      sagemaker_submit_directory: uri(trainingKeys.code(inputs.codeSha256)),
      sagemaker_region: region,
      network,
      arguments: options.arguments.join(","),
      dataset_sha256: inputs.datasetSha256,
    }),
    InputDataConfig: [
      channel("train", trainingKeys.dataset(inputs.datasetSha256)),
      ...checkpointChannel("cnn", inputs.cnnSha256),
      ...checkpointChannel("from", inputs.fromSha256),
    ],
    OutputDataConfig: { S3OutputPath: uri(`train/jobs/${job}/output`), ...kms },
    ResourceConfig: {
      InstanceType: instance as TrainingJobRequest["ResourceConfig"]["InstanceType"],
      InstanceCount: instances,
      VolumeSizeInGB: options["volume-gb"] ?? Math.ceil((copies * inputs.datasetBytes) / GIBIBYTE) + SPARE_GB,
    },
    StoppingCondition: {
      MaxRuntimeInSeconds: maxSeconds,
      ...(options.spot ? { MaxWaitTimeInSeconds: waitSeconds } : {}),
    },
    EnableManagedSpotTraining: options.spot,
    // Gradients say something about the embryos too.
    EnableInterContainerTrafficEncryption: instances > 1,
    CheckpointConfig: { S3Uri: uri(`train/jobs/${job}/checkpoints`), LocalPath: "/opt/ml/checkpoints" },
    RetryStrategy: { MaximumRetryAttempts: options.retries },
    Tags: [
      { Key: "project", Value: "blastograde" },
      { Key: "blastograde:dataset-sha256", Value: inputs.datasetSha256 },
      { Key: "blastograde:code-sha256", Value: inputs.codeSha256 },
      ...options.tag.map(({ key, value }) => ({ Key: key, Value: value })),
    ],
  };
}

function checkArguments(options: SagemakerTraining): void {
  for (const argument of options.arguments) {
    if (NOT_OURS.test(argument)) throw new Error(`${argument} is chosen by the job's entry point: leave it out.`);
    if (!SHELL_SAFE.test(argument)) {
      throw new Error(
        `${JSON.stringify(argument)} has characters that do not come through SageMaker's shell unharmed.`,
      );
    }
  }
  if (options.network === "rnn" && options.cnn === undefined) {
    throw new Error(`--cnn is missing: the ${CHECKPOINT_FILE} of the CNN whose features the rnn reads.`);
  }
  if (options.network !== "rnn" && options.cnn !== undefined) throw new Error("--cnn is for the rnn only.");
  if (options.network === "rnn" && options.from !== undefined) {
    throw new Error("--from is for any network but the rnn.");
  }
  if (scriptValue(options.arguments, "weights", "none").match(/^(none|imagenet)$/) === null) {
    throw new Error("--weights takes none or imagenet here, for no file of yours is in the job: begin with --from.");
  }
  if (options.network === "cropper" && options.instances > 1) {
    throw new Error("The cropper trains in one process: leave --instances out.");
  }
}

/** Script mode reads every value as JSON. */
function hyperParameters(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]));
}
