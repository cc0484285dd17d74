import { IgnoreMode } from "aws-cdk-lib";
import { DockerImageAsset, Platform } from "aws-cdk-lib/aws-ecr-assets";
import { Construct } from "constructs";

/** The model container's image. Synthesis hashes and copies its sources; only a deployment builds it, and needs Docker. */
export class ModelImage extends Construct {
  readonly asset: DockerImageAsset;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.asset = new DockerImageAsset(this, "Image", {
      directory: ".",
      file: "model-container/Dockerfile",
      platform: Platform.LINUX_AMD64,
      ignoreMode: IgnoreMode.DOCKER,
      // The root's .dockerignore leaves out all that the Dockerfile does not copy, so that nothing else changes the hash.
    });
  }
}
