import {
  CreateTrainingJobCommand,
  DescribeTrainingJobCommand,
  type DescribeTrainingJobResponse,
  SageMakerClient,
} from "@aws-sdk/client-sagemaker";
import { z } from "zod";
import { AwsRefused, asking } from "./aws-failure.ts";
import { TrainingJobRequest } from "./training-job-request.ts";

export interface TrainingJob {
  readonly name: string;
  readonly arn: string;
  readonly status: "InProgress" | "Completed" | "Failed" | "Stopping" | "Stopped" | "Deleting";
  /** What it is at, such as `Downloading`, `Training` or `Interrupted`. */
  readonly phase: string;
  readonly failure: string | null;
  /** Where `model.tar.gz` lies once the job is completed. */
  readonly modelUri: string | null;
  /** Seconds that are paid for: with spot instances fewer than were trained. */
  readonly billableSeconds: number | null;
}

export interface TrainingJobs {
  /** The region whose SageMaker is asked. @throws AwsRefused when neither an option nor the environment names one */
  region(): Promise<string>;
  /**
   * Starts the job, unless one of this name is or was there: names are taken for ever, so that the same request sent
   * twice is one job.
   */
  start(request: TrainingJobRequest): Promise<{ readonly started: boolean; readonly job: TrainingJob }>;
  /** The job of this name; null where there is none. */
  describe(name: string): Promise<TrainingJob | null>;
  close(): void;
}

const NAME_IS_TAKEN = ["ResourceInUse", "ValidationException"];
const Status = z.enum(["InProgress", "Completed", "Failed", "Stopping", "Stopped", "Deleting"]);

/** SageMaker's training jobs, with the SDK's own credentials and retries. @default region the SDK's */
export function openTrainingJobs(options: { readonly region?: string | undefined } = {}): TrainingJobs {
  const client = new SageMakerClient(options.region === undefined ? {} : { region: options.region });

  async function describe(name: string): Promise<TrainingJob | null> {
    try {
      const command = new DescribeTrainingJobCommand({ TrainingJobName: name });
      return described(name, await asking(`asking for training job ${name}`, () => client.send(command)));
    } catch (error) {
      // SageMaker says "not found" in two ways; a malformed name, the other ValidationException, was refused before.
      if (error instanceof AwsRefused && error.awsName === "ResourceNotFound") return null;
      if (error instanceof AwsRefused && error.awsName === "ValidationException" && /not found/i.test(error.message)) {
        return null;
      }
      throw error;
    }
  }

  return {
    async region() {
      try {
        return await client.config.region();
      } catch (cause) {
        throw new AwsRefused("No AWS region was found: give --region, or set AWS_REGION.", "NoRegion", false, {
          cause,
        });
      }
    },

    async start(request) {
      const command = new CreateTrainingJobCommand(TrainingJobRequest.parse(request));
      const name = request.TrainingJobName;
      const there = await describe(name);
      if (there !== null) return { started: false, job: there };
      try {
        await asking(`starting training job ${name}`, () => client.send(command));
      } catch (error) {
        // Between the question and the start somebody else, or this request's own retry, may have taken the name.
        const taken =
          error instanceof AwsRefused && NAME_IS_TAKEN.includes(error.awsName) ? await describe(name) : null;
        if (taken === null) throw error;
        return { started: false, job: taken };
      }
      const job = await describe(name);
      if (job === null) throw new Error(`SageMaker took training job ${name} and does not know it.`);
      return { started: true, job };
    },

    describe,
    close: () => client.destroy(),
  };
}

function described(name: string, answer: DescribeTrainingJobResponse): TrainingJob {
  return {
    name,
    arn: answer.TrainingJobArn ?? "",
    status: Status.parse(answer.TrainingJobStatus),
    phase: answer.SecondaryStatus ?? "",
    failure: answer.FailureReason ?? null,
    modelUri: answer.ModelArtifacts?.S3ModelArtifacts ?? null,
    billableSeconds: answer.BillableTimeInSeconds ?? null,
  };
}
