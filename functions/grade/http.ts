import { Hono } from "hono";
import { handle } from "hono/aws-lambda";
import { cors } from "hono/cors";
import { openDynamoDbGradingStore } from "../../adapters/aws/dynamodb-grading-store.ts";
import { openDynamoDbRecordStore } from "../../adapters/aws/dynamodb-record-store.ts";
import { openS3ObjectStore } from "../../adapters/aws/s3-object-store.ts";
import { openS3UploadForms } from "../../adapters/aws/s3-upload-forms.ts";
import { readCloudConfig } from "../../adapters/config/cloud-config.ts";
import { openFunctionLog } from "../../adapters/log/function-log.ts";
import { assetFolder } from "../../adapters/system/asset-folder.ts";
import { randomIds, systemClock } from "../../adapters/system/clock-and-ids.ts";
import { UPLOAD_LIMITS } from "../../core/contracts/cloud-limits.ts";
import { storedCalibrators } from "../../core/pregnancy/stored-calibrators.ts";
import { createApp } from "./app.ts";
import { clinicOfCaller } from "./iam-caller.ts";

const config = readCloudConfig("api");
const log = openFunctionLog({ name: "api", stage: config.STAGE, level: config.LOG_LEVEL });
const objects = openS3ObjectStore({ bucket: config.BUCKET_NAME, bucketOwner: config.BUCKET_OWNER });
const report = (error: Error) => log.logger.error({ err: error }, "a request failed");

const app = createApp({
  objects,
  gradings: openDynamoDbGradingStore({ tableName: config.TABLE_NAME }),
  records: openDynamoDbRecordStore({ tableName: config.TABLE_NAME }),
  uploadForms: openS3UploadForms({
    bucket: config.BUCKET_NAME,
    lifetimeSeconds: UPLOAD_LIMITS.formSeconds,
    clock: systemClock,
  }),
  ids: randomIds,
  clock: systemClock,
  tenantOf: async (_request, environment) => clinicOfCaller(environment, config.CLINICS),
  demo: config.DEMO,
  calibratorOf: storedCalibrators({ objects, clock: systemClock, report }),
  docsAsset: assetFolder(new URL("./swagger-ui/", import.meta.url)),
  report,
});

// The gateway answers what a browser asks beforehand; that a page may read the answer has to be said in the answer itself.
const served = new Hono<{ Bindings: object }>();
if (config.BROWSER_ORIGINS.length > 0) served.use(cors({ origin: config.BROWSER_ORIGINS }));
served.all("*", (c) => app.fetch(c.req.raw, c.env));

/** The HTTP API behind the gateway, which lets through signed requests only. */
export const handler = handle(served);
