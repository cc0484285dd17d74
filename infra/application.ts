import { App, type AppProps, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { BlastogradeStack } from "./blastograde-stack.ts";
import type { Stage } from "./stage.ts";

/** A CDK application whose synthesis fails on any finding of AwsSolutions that is not acknowledged. */
export function application(props: AppProps = {}): App {
  const app = new App(props);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
}

/** One deployment of the application. */
export function addStage(app: App, stage: Stage): BlastogradeStack {
  return new BlastogradeStack(app, `Blastograde-${stage.name}`, { stage });
}
