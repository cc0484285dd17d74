import { spawnSync } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { openTrainingBucket, type TrainingBucket } from "../../adapters/aws/training-bucket.ts";
import { sendDataset } from "../../cli/training/send-training.ts";
import { readShard, type ShardedDataset, shardDataset } from "../../cli/training/shards.ts";
import { trainingFiles } from "../../cli/training/training-files.ts";
import { fakeAws, standInDataset, temporaryFolder } from "./training-job.builders.ts";

const SMALL_SHARD = 1000;

async function bucketOf(environment: Readonly<Record<string, string>>): Promise<TrainingBucket> {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  return openTrainingBucket({ bucket: "north" });
}

async function shardsOf(folder: string): Promise<ShardedDataset> {
  return shardDataset(folder, await trainingFiles(folder, "cnn", "tA"), SMALL_SHARD);
}

/** Writes the shards where a job would find them, and unpacks them with the job's own code. */
async function unpack(folder: string, dataset: ShardedDataset, damage: (channel: string) => Promise<void>) {
  const channel = await temporaryFolder();
  await writeFile(join(channel, "manifest.json"), dataset.manifest);
  for (const shard of dataset.shards) {
    await writeFile(join(channel, shard.file), await readShard(folder, shard, dataset.files));
  }
  await damage(channel);
  const unpacked = join(await temporaryFolder(), "prepared");
  const script = "model-container/training/sagemaker_shards.py";
  const { status, stderr } = spawnSync("python3", [script, channel, dataset.sha256, unpacked], { encoding: "utf8" });
  return { unpacked, status, stderr };
}

it("puts the data set together again as it was, also files that were cut into several shards", async () => {
  const folder = await standInDataset();
  const dataset = await shardsOf(folder);

  const { unpacked, status, stderr } = await unpack(folder, dataset, async () => {});

  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(dataset.shards.length).toBeGreaterThan(3);
  for (const { path } of dataset.files) {
    expect(await readFile(join(unpacked, path))).toEqual(await readFile(join(folder, path)));
  }
});

it.each([
  ["a missing shard", (channel: string) => rm(join(channel, "shard-00001.tar")), "shard-00001.tar is missing"],
  ["no manifest", (channel: string) => rm(join(channel, "manifest.json")), "was not sent to its end"],
  [
    "a torn shard",
    (channel: string) => tear(join(channel, "shard-00001.tar")),
    "shard-00001.tar (is torn|has \\d+ bytes)",
  ],
  [
    "a flipped bit",
    (channel: string) => flip(join(channel, "shard-00002.tar")),
    "shard-00002.tar has .* with the digest",
  ],
  ["another manifest", (channel: string) => flip(join(channel, "manifest.json")), "this job was started for"],
])("refuses %s in a sentence", async (_, damage, sentence) => {
  const folder = await standInDataset();

  const { status, stderr } = await unpack(folder, await shardsOf(folder), damage);

  expect(status).toBe(1);
  expect(stderr).toMatch(new RegExp(sentence));
  expect(stderr).not.toContain("Traceback");
});

async function tear(file: string): Promise<void> {
  const bytes = await readFile(file);
  await writeFile(file, bytes.subarray(0, 700));
}

async function flip(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes[600] = bytes[600]! ^ 1;
  await writeFile(file, bytes);
}

it.each([
  ["cnn", ["dataset.json", "embryos.csv", "stills/110.npy"]],
  ["rnn", ["dataset.json", "embryos.csv", ...[0, 1, 2, 3].map((n) => `clips/embryo-${n}.npz`)]],
  ["segmenter", ["segmentation.npz"]],
  ["pregnancy", ["enhanced.npy", "pregnancy.csv"]],
] as const)("sends of a data set only what the %s reads", async (network, paths) => {
  const files = await trainingFiles(await standInDataset(), network, "110");

  expect(files.map(({ path }) => path)).toEqual(paths);
});

it.each([
  ["cropper", "cropper.npz", "cropper.npz"],
  ["segmenter", "segmentation.npz", "segmentation.npz"],
  ["pregnancy", "pregnancy.csv", "pregnancy.csv"],
] as const)("says what is missing where there is nothing for the %s", async (network, removed, named) => {
  const folder = await standInDataset();
  await rm(join(folder, removed), { force: true });

  await expect(trainingFiles(folder, network, "tA")).rejects.toThrow(
    `${named} is missing, and the ${network} training reads it`,
  );
});

it("goes on with a sending that was broken off, and writes the manifest last", async () => {
  const aws = await fakeAws();
  const folder = await standInDataset();
  const dataset = await shardsOf(folder);
  const bucket = await bucketOf(aws.environment);
  aws.intercept = ({ method }, response) => {
    if (method !== "PUT" || aws.objects.size < 2) return false;
    response.writeHead(403).end();
    return true;
  };
  const reported: [string, boolean][] = [];
  const report = (key: string, sent: boolean) => void reported.push([key.replace(/.*\//, ""), sent]);

  await expect(sendDataset(folder, dataset, bucket, report)).rejects.toMatchObject({ code: "AWS_REFUSED" });
  const left = [...aws.objects.keys()].join();
  aws.intercept = () => false;
  reported.length = 0;
  await sendDataset(folder, dataset, bucket, report);

  expect(left).not.toContain("manifest");
  expect(reported.slice(0, 3)).toEqual([
    ["shard-00000.tar", false],
    ["shard-00001.tar", false],
    ["shard-00002.tar", true],
  ]);
  expect(reported.at(-1)).toEqual(["manifest.json", true]);
});

it("sends an object again that lies there with other bytes", async () => {
  const aws = await fakeAws();
  const folder = await standInDataset();
  const dataset = await shardsOf(folder);
  const bucket = await bucketOf(aws.environment);
  const key = `/north/train/${dataset.sha256}/shard-00000.tar`;
  aws.objects.set(key, Buffer.from("something else"));

  await sendDataset(folder, dataset, bucket, () => {});

  expect(new Uint8Array(aws.objects.get(key)!)).toEqual(await readShard(folder, dataset.shards[0]!, dataset.files));
});

it("sends a shard again that was deleted under a whole data set", async () => {
  const aws = await fakeAws();
  const folder = await standInDataset();
  const dataset = await shardsOf(folder);
  const bucket = await bucketOf(aws.environment);
  await sendDataset(folder, dataset, bucket, () => {});
  aws.objects.delete(`/north/train/${dataset.sha256}/shard-00001.tar`);
  const sent: string[] = [];

  await sendDataset(folder, dataset, bucket, (key, isNew) => void (isNew && sent.push(key)));

  expect(sent).toEqual([`train/${dataset.sha256}/shard-00001.tar`]);
});

it("sends no data set that changed since its digest was taken", async () => {
  const aws = await fakeAws();
  const folder = await standInDataset();
  const dataset = await shardsOf(folder);
  const bucket = await bucketOf(aws.environment);
  await flip(join(folder, "stills", "tA.npy"));

  await expect(sendDataset(folder, dataset, bucket, () => {})).rejects.toThrow("changed while it was being sent");

  expect([...aws.objects.keys()].some((key) => key.includes("manifest"))).toBe(false);
});
