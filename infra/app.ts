/**
 * What `cdk` runs: synthesises the stage of `-c stage=NAME`, or else `demo`.
 *
 *     npx cdk synth -c stage=demo
 */
import { relative } from "node:path";
import { addStage, application } from "./application.ts";
import { readStage, StageInvalid } from "./stage.ts";

const app = application();
const name: unknown = app.node.tryGetContext("stage");
try {
  const stage = readStage(typeof name === "string" ? name : "demo");
  addStage(app, stage);
  const { directory } = app.synth();
  // Its own words about what it bundled are all that the CDK says of a success.
  process.stderr.write(
    `The stage ${stage.name} is synthesised, in ${relative(process.cwd(), directory)}/; AwsSolutions finds nothing unacknowledged.\n`,
  );
} catch (error) {
  if (!(error instanceof StageInvalid)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
