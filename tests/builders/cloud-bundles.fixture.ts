// Synthesises the tests' stage with its functions bundled into a folder, and says in its functions.json what they are.
import { rename, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Template } from "aws-cdk-lib/assertions";
import type { QueueFeed } from "./cloud-bundles.ts";
import { CLINICS } from "./cloud-clinics.ts";
import { synthesise } from "./synth.ts";

const folder = process.argv[2]!;
const synthesised = await synthesise({ bundle: true, stage: { clinics: CLINICS } });
const assembly = join(folder, "assembly");
await rename(synthesised.folder, assembly);
const functions = synthesised.functions.map(({ name, logicalId, assetFolder, environment }) => {
  const file = join(assembly, relative(synthesised.folder, assetFolder!), "index.mjs");
  return [name, { file, environment, feed: feedOf(logicalId, synthesised.template) }];
});
await writeFile(join(folder, "draft"), JSON.stringify(Object.fromEntries(functions)));
// At once: others read it as soon as it is there.
await rename(join(folder, "draft"), join(folder, "functions.json"));

function feedOf(logicalId: string, template: Template): QueueFeed | null {
  const mappings = Object.values(template.findResources("AWS::Lambda::EventSourceMapping"));
  const mapping = mappings.find(({ Properties }) => Properties.FunctionName.Ref === logicalId)?.Properties;
  if (mapping === undefined) return null;
  const queue = template.findResources("AWS::SQS::Queue")[mapping.EventSourceArn["Fn::GetAtt"][0]]!.Properties;
  return {
    batchSize: mapping.BatchSize,
    reportsBatchItemFailures: mapping.FunctionResponseTypes?.includes("ReportBatchItemFailures") ?? false,
    visibilityTimeoutSeconds: queue.VisibilityTimeout,
    maxReceiveCount: queue.RedrivePolicy.maxReceiveCount,
  };
}
