/**
 * What `cdk` runs: synthesises the stage of `-c stage=NAME`, or else `demo`.
 *
 *     npx cdk synth -c stage=demo
 */
import { addStage, application } from "./application.ts";
import { readStage, StageInvalid } from "./stage.ts";

const app = application();
const name: unknown = app.node.tryGetContext("stage");
try {
  addStage(app, readStage(typeof name === "string" ? name : "demo"));
  app.synth();
} catch (error) {
  if (!(error instanceof StageInvalid)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
