import { Aws, CfnOutput, Stack, Tags } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { Api } from "./api.ts";
import { Cropping, CropQueue } from "./cropping.ts";
import { FinishedQueue, Grading } from "./grading.ts";
import { GradingTable } from "./grading-table.ts";
import { Intake } from "./intake.ts";
import { DataKey } from "./keys.ts";
import { ModelBundle } from "./model-bundle.ts";
import { ModelEndpoint } from "./model-endpoint.ts";
import { Alarms } from "./operations/alarms.ts";
import { Budget } from "./operations/budget.ts";
import { OperationsDashboard } from "./operations/dashboard.ts";
import type { Watched } from "./operations/watched.ts";
import { PrivateNetwork } from "./private-network.ts";
import { SmokeTest } from "./smoke-test.ts";
import type { Stage } from "./stage.ts";
import type { StationDefaults } from "./station-function.ts";
import { Storage } from "./storage.ts";
import { Sweeper } from "./sweeper.ts";

export interface BlastogradeStackProps {
  readonly stage: Stage;
}

/** One deployment: upload, ingest, crop, model, grade, API, in the order in which an embryo passes them. */
export class BlastogradeStack extends Stack {
  constructor(scope: Construct, id: string, { stage }: BlastogradeStackProps) {
    super(scope, id, {
      description: `Blastograde, stage ${stage.name}`,
      env: { ...(stage.account && { account: stage.account }), ...(stage.region && { region: stage.region }) },
      // A grading's key, table and bucket stay anyway; this keeps a slip from taking the rest.
      terminationProtection: true,
    });
    Tags.of(this).add("application", "blastograde");
    Tags.of(this).add("stage", stage.name);

    const { key } = new DataKey(this, "Key", { stageName: stage.name });
    const { retentionDays, browserOrigins } = stage;
    const storage = new Storage(this, "Storage", { key, retentionDays, browserOrigins });
    const gradings = new GradingTable(this, "Gradings", { key });
    const bundle = new ModelBundle(this, "Bundle", { folder: stage.modelBundle });
    const logRetentionDays = retentionDays.logs;
    const network = stage.privateNetwork ? new PrivateNetwork(this, "Network", { key, logRetentionDays }) : undefined;
    const defaults: StationDefaults = {
      key,
      logRetentionDays,
      network,
      environment: {
        STAGE: stage.name,
        LOG_LEVEL: stage.logLevel,
        BUCKET_NAME: storage.bucket.bucketName,
        BUCKET_OWNER: Aws.ACCOUNT_ID,
      },
    };
    const shared = { ...defaults, stage, storage, gradings };

    const cropJobs = new CropQueue(this, "CropJobs", { key });
    const finished = new FinishedQueue(this, "Finished", { key });
    const endpoint = new ModelEndpoint(this, "Model", { stage, key, bundle, storage, finished, network });
    const intake = new Intake(this, "Intake", { ...shared, cropJobs });
    const cropping = new Cropping(this, "Cropping", { ...shared, queue: cropJobs, bundle, endpoint });
    const grading = new Grading(this, "Grading", { ...shared, queue: finished });
    const api = new Api(this, "Api", { ...shared, demo: bundle.manifest.demo });
    const sweeper = new Sweeper(this, "Sweeper", { ...shared, stored: intake.queue, cropJobs, finished });
    new SmokeTest(this, "SmokeTest", { ...defaults, storage, bundle, endpoint });

    const watched: Watched = {
      functions: {
        Ingest: intake.station,
        Crop: cropping.station,
        Finished: grading.station,
        Api: api.station,
        Sweep: sweeper.station,
      },
      queues: { Stored: intake.queue, CropJobs: cropJobs, Finished: finished },
      endpoint,
      api: api.api,
    };
    new Alarms(this, "Alarms", { stage, key, watched });
    new OperationsDashboard(this, "Dashboard", { stageName: stage.name, watched });
    new Budget(this, "Budget", {
      stageName: stage.name,
      monthlyLimitUsd: stage.monthlyBudgetUsd,
      email: stage.alarmEmail,
    });

    new CfnOutput(this, "ApiUrl", { value: api.api.url, description: "Signed requests only" });
    new CfnOutput(this, "SweepFunction", {
      value: sweeper.station.lambda.functionName,
      description: "Redrives dead letters",
    });
    new CfnOutput(this, "BucketName", { value: storage.bucket.bucketName });
    new CfnOutput(this, "TableName", { value: gradings.table.tableName });
    new CfnOutput(this, "EndpointName", { value: endpoint.name });
  }
}
