import { openGrader } from "../../adapters/onnx/grader.ts";
import { CLIP_SIZE, type Clip } from "../../core/contracts/clip.ts";
import { readNetwork } from "../bundle/load-bundle.ts";
import type { ClipAnswer } from "./clip-answer.ts";
import type { InferenceSetup } from "./inference-messages.ts";
import { openPregnancyNetworks } from "./pregnancy-networks.ts";

/** All networks of a bundle that see clips. */
export interface BundleNetworks {
  /** @throws ModelFailed; PredictionInvalid; BundleDamaged */
  answer(clip: Clip): Promise<ClipAnswer>;
  close(): Promise<void>;
}

/**
 * Opens a bundle's networks and runs each once: the first call allocates the memory that the later ones use, and finds out
 * a network that does not fit the manifest.
 *
 * @throws BundleDamaged; ModelUnavailable
 */
export async function openWarmNetworks({ bundle, threads, device, framesPerBatch }: InferenceSetup) {
  const gradesStills = bundle.manifest.stillCalibrator !== undefined;
  const grader = await openGrader({
    cnn: await readNetwork(bundle, "cnn"),
    rnn: await readNetwork(bundle, "rnn"),
    features: bundle.manifest.networks.cnn.features,
    threads,
    device,
    framesPerBatch,
    gradesStills,
  });
  const pregnancy = await openPregnancyNetworks(bundle, { threads, device });
  const networks: BundleNetworks = {
    async answer(clip) {
      const { frames, hpi, meta } = clip;
      const scores = await (meta.kind === "still" ? grader.gradeStill(frames) : grader.grade(frames, hpi.length));
      return { scores, ...(await pregnancy.answer(clip)) };
    },
    async close() {
      await grader.close();
      await pregnancy.close();
    },
  };
  await networks.answer(blackClip(framesPerBatch, "time-lapse"));
  if (gradesStills) await networks.answer(blackClip(1, "still"));
  return networks;
}

function blackClip(frameCount: number, kind: Clip["meta"]["kind"]): Clip {
  const digest = "0".repeat(64);
  return {
    frames: new Uint8Array(frameCount * 3 * CLIP_SIZE ** 2),
    hpi: Float32Array.from({ length: frameCount }, (_, hour) => hour),
    meta: { schema: "blastograde/clip@1", archiveDigest: digest, cropperSha256: digest, ageYears: 30, kind },
  };
}
