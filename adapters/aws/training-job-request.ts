import { type CreateTrainingJobCommandInput, TrainingInstanceType } from "@aws-sdk/client-sagemaker";
import { z } from "zod";

const S3Uri = z
  .string()
  .regex(/^s3:\/\/[^/]+\/.+$/, "has to be s3://BUCKET/KEY")
  .max(1024);
const KmsKeyId = z
  .string()
  .max(2048)
  .regex(/^[a-zA-Z0-9:/_-]+$/, "has to be a key id, an alias or an ARN");
const DAY = 24 * 60 * 60;

const Channel = z.strictObject({
  ChannelName: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z0-9._-]+$/),
  DataSource: z.strictObject({
    S3DataSource: z.strictObject({
      S3DataType: z.literal("S3Prefix"),
      S3Uri,
      S3DataDistributionType: z.literal("FullyReplicated"),
    }),
  }),
  InputMode: z.enum(["File", "FastFile"]),
});

const Tag = z.strictObject({
  Key: z
    .string()
    .min(1)
    .max(128)
    .regex(/^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u, "has characters that AWS does not take in a tag's key"),
  Value: z
    .string()
    .max(256)
    .regex(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u, "has characters that AWS does not take in a tag's value"),
});

/**
 * What we ask of SageMaker's CreateTrainingJob: a request that breaks one of AWS's limits is refused here, before anything
 * has been sent. Patterns and limits of names, roles, URIs, channels, times and retries, and the KMS rules, were looked up in
 * AWS's reference and the SDK's own documentation; those of images, keys and tags were not.
 */
export const TrainingJobRequest = z
  .strictObject({
    TrainingJobName: z
      .string()
      .max(63)
      .regex(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/),
    RoleArn: z
      .string()
      .min(20)
      .max(2048)
      .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/?[a-zA-Z_0-9+=,.@\-_/]+$/, "has to be an IAM role's ARN"),
    AlgorithmSpecification: z.strictObject({
      TrainingImage: z.string().min(1).max(255).regex(/^\S+$/, "has to be an image's URI"),
      TrainingInputMode: z.enum(["File", "FastFile"]),
    }),
    HyperParameters: z
      .record(z.string().max(256), z.string().max(256, "is longer than the 256 characters that SageMaker takes"))
      .refine((parameters) => Object.keys(parameters).length <= 100, "SageMaker takes at most 100 of them"),
    InputDataConfig: z.array(Channel).min(1).max(20),
    OutputDataConfig: z.strictObject({ S3OutputPath: S3Uri, KmsKeyId: KmsKeyId.optional() }),
    ResourceConfig: z.strictObject({
      InstanceType: z.enum(TrainingInstanceType, "is no instance type that SageMaker trains on"),
      InstanceCount: z.int().min(1),
      VolumeSizeInGB: z.int().min(1),
    }),
    StoppingCondition: z.strictObject({
      MaxRuntimeInSeconds: z
        .int()
        .min(1)
        .max(28 * DAY, "is longer than SageMaker's 28 days"),
      MaxWaitTimeInSeconds: z.int().min(1).optional(),
    }),
    EnableManagedSpotTraining: z.boolean(),
    EnableInterContainerTrafficEncryption: z.boolean(),
    CheckpointConfig: z.strictObject({ S3Uri, LocalPath: z.literal("/opt/ml/checkpoints") }),
    RetryStrategy: z.strictObject({ MaximumRetryAttempts: z.int().min(1).max(30) }),
    Tags: z.array(Tag).max(50),
  })
  .superRefine(({ EnableManagedSpotTraining, StoppingCondition }, context) => {
    const { MaxRuntimeInSeconds, MaxWaitTimeInSeconds } = StoppingCondition;
    const refuse = (message: string) =>
      context.addIssue({ code: "custom", message, path: ["StoppingCondition", "MaxWaitTimeInSeconds"] });
    if (!EnableManagedSpotTraining && MaxWaitTimeInSeconds !== undefined) refuse("is for spot training only");
    if (!EnableManagedSpotTraining) return;
    if (MaxWaitTimeInSeconds === undefined) refuse("is needed for spot training");
    else if (MaxWaitTimeInSeconds < MaxRuntimeInSeconds) refuse("has to be at least the longest run");
  }) satisfies z.ZodType<CreateTrainingJobCommandInput>;

export type TrainingJobRequest = z.infer<typeof TrainingJobRequest>;
