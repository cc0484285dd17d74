import { copyFile, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { loadBundle } from "../../model-container/bundle/load-bundle.ts";
import { sealBundle } from "../../model-container/bundle/seal-bundle.ts";
import { DEMO_BUNDLE } from "../contract/model-server.builders.ts";
import type { CloudHouse } from "./cloud-house.ts";
import { startModelContainer } from "./cloud-model-server.ts";
import { containerAt } from "./cloud-sagemaker.ts";

export interface OtherModel {
  readonly modelSha256: string;
  /** The endpoint's instances run it from now on. */
  deployEndpoint(): void;
  /** The crop function cuts with its cropper from now on. */
  deployCropper(): Promise<void>;
}

/** The networks of the demo bundle under other digests, cropper included; all of it ends with the test. */
export async function otherModel(house: CloudHouse): Promise<OtherModel> {
  const { manifest } = await loadBundle(DEMO_BUNDLE);
  const folder = await mkdtemp(join(tmpdir(), "blastograde-other-model-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const network of Object.values(manifest.networks)) {
    if (network !== undefined) await copyFile(join(DEMO_BUNDLE, network.file), join(folder, network.file));
  }
  const cropper = Buffer.concat([await readFile(join(folder, "cropper.onnx")), description("another cropper")]);
  await writeFile(join(folder, "cropper.onnx"), cropper);
  const sealed = await sealBundle({
    dir: folder,
    name: "other",
    demo: true,
    features: manifest.networks.cnn.features,
    gradeCalibrator: manifest.gradeCalibrator,
    stillCalibrator: manifest.stillCalibrator,
    pregnancy: manifest.networks.pregnancy,
  });
  const container = await startModelContainer(folder);
  onTestFinished(container.close);
  return {
    modelSha256: sealed.manifest.modelSha256,
    deployEndpoint() {
      house.endpoint.container = containerAt(container.url);
    },
    async deployCropper() {
      const { file, environment } = house.functions.crop.deployed;
      // Beside the network: where its bundle looks for it.
      await copyFile(file, join(folder, "index.mjs"));
      await symlink(join(dirname(file), "node_modules"), join(folder, "node_modules"));
      const { sha256 } = sealed.manifest.networks.cropper;
      const changed = { ...environment, CROPPER_SHA256: sha256 };
      await house.functions.crop.redeploy({ file: join(folder, "index.mjs"), environment: changed });
    },
  };
}

/** What ONNX takes for a model's description when it stands behind the model: field 6 of its message, a text. */
function description(text: string): Uint8Array {
  return Buffer.from([(6 << 3) | 2, text.length, ...Buffer.from(text)]);
}
