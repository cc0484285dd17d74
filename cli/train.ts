// One command for every training: here, or the same script as a SageMaker training job.
import { trainHere } from "./training/local-training.ts";
import { trainOnSagemaker } from "./training/sagemaker-training.ts";
import { parseTrainOptions } from "./training/train-options.ts";
import { NETWORKS } from "./training/training-files.ts";

const USAGE = `Usage: npm run train -- [--on local] NETWORK --data DIR --out DIR [--processes 1] [the network's own options]
       npm run train -- --on sagemaker NETWORK --data DIR --out DIR --role ARN --bucket NAME [--region NAME]
         [--image URI] [--instance ml.g5.12xlarge] [--instances 1] [--no-spot] [--max-hours 24] [--max-wait-hours 48]
         [--input-mode FastFile|File] [--kms-key ID] [--volume-gb N] [--retries 3] [--attempt 1] [--tag KEY=VALUE ...]
         [--cnn best.pt] [--from best.pt] [--wait] [--dry-run] [the network's own options]
NETWORK is ${NETWORKS.join(", ")}.
The network's own options: python3 model-container/training/train_cnn.py --help; docs/training.md says what runs where.`;

/** 0 when the training ended or was started well, the script's own code when it failed, 2 when the command is not usable. */
process.exitCode = await main().catch((error: Error) => {
  console.error(`${error.message}\n${USAGE}`);
  return 2;
});

async function main(): Promise<number> {
  const options = parseTrainOptions(process.argv.slice(2));
  return options.on === "local" ? trainHere(options) : trainOnSagemaker(options);
}
