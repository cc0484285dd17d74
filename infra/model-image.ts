import { IgnoreMode } from "aws-cdk-lib";
import { DockerImageAsset, Platform } from "aws-cdk-lib/aws-ecr-assets";
import { Construct } from "constructs";

/** What the Dockerfile copies; everything else would only change the image's hash. */
const CONTEXT = [
  "package.json",
  "package-lock.json",
  ".npmrc",
  "core",
  "adapters/archive",
  "adapters/config",
  "adapters/onnx",
  "model-container/Dockerfile",
  "model-container/bundle",
  "model-container/server",
];

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
      exclude: ["**", ...CONTEXT.map((path) => `!${path}`)],
    });
  }
}
