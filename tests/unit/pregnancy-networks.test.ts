import { createHash } from "node:crypto";
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readPregnancyNetworks, readTissueSegmenter } from "../../cli/pregnancy/networks.ts";
import { type LoadedBundle, loadBundle } from "../../model-container/bundle/load-bundle.ts";
import { treeOf } from "../builders/dataset-folders.ts";
import { everyFold, HAND_MADE, networksFolder } from "../builders/transfers-folder.ts";
import { hollowBundle } from "../contract/model-server.builders.ts";

const withoutNetworks = async (): Promise<LoadedBundle> => await loadBundle(await hollowBundle());

/** A bundle of the hand-made networks; `name` of the pregnancy network. */
async function servingBundle(architecture = "resnet50"): Promise<LoadedBundle> {
  const hollow = await withoutNetworks();
  const digests = new Map<string, string>();
  for (const file of ["segmenter.onnx", "pregnancy.onnx"]) {
    await copyFile(join(HAND_MADE, file), join(hollow.dir, file));
    digests.set(
      file,
      createHash("sha256")
        .update(await readFile(join(HAND_MADE, file)))
        .digest("hex"),
    );
  }
  const network = (file: string) => ({ file, sha256: digests.get(file)! });
  const networks = {
    ...hollow.manifest.networks,
    segmenter: network("segmenter.onnx"),
    pregnancy: { ...network("pregnancy.onnx"), input: "enhanced" as const, architecture },
  };
  return { dir: hollow.dir, manifest: { ...hollow.manifest, networks } };
}

describe("the networks of a report", () => {
  it("are those of the folder, with what they were trained with", async () => {
    const folder = await networksFolder(everyFold("vgg16"));

    const networks = await readPregnancyNetworks(folder, await withoutNetworks());

    expect(networks.map(({ model }) => [model.input, model.fold])).toEqual(
      ["plain", "enhanced"].flatMap((input) => [0, 1, 2].map((fold) => [input, fold])),
    );
    expect(networks[0]!.model).toMatchObject({ name: "VGG16", served: false, settings: { width: 0.25 } });
  });

  it("are the bundle's alone without a folder, kept from the first fold", async () => {
    const bundle = await servingBundle();

    const networks = await readPregnancyNetworks(null, bundle);

    expect(networks.map(({ model }) => model)).toMatchObject([
      { name: "ResNet50, the bundle's", network: "resnet50", input: "enhanced", fold: 0, served: true },
    ]);
    expect(await readTissueSegmenter(null, bundle)).toHaveLength(
      (await readFile(join(HAND_MADE, "segmenter.onnx"))).length,
    );
  });

  it("have the bundle's once where it is among the folder's", async () => {
    const folder = await networksFolder([...everyFold("resnet50")]);

    const networks = await readPregnancyNetworks(folder, await servingBundle());

    expect(networks).toHaveLength(6);
    expect(networks.every(({ model }) => model.served)).toBe(true);
  });

  it.each([
    [
      "a fold is missing",
      () => networksFolder(everyFold("vgg16").filter(({ fold, input }) => fold !== 1 || input === "plain")),
      /vgg16, enhanced has no fold 1; wanted each of the 3 folds once/,
    ],
    [
      "a fold is there twice",
      () => networksFolder([...everyFold("vgg16"), { network: "vgg16", input: "plain", fold: 2 }]),
      /vgg16, plain has fold 2 2 times/,
    ],
    [
      "a file is another",
      () => networksFolder(everyFold("vgg16"), { sha256: "0".repeat(64) }),
      /pregnancy\.onnx has the SHA-256 [0-9a-f]{64}, not 0{64} as is said of it/,
    ],
    [
      "a fold has no number",
      () => networksFolder([{ network: "vgg16", input: "plain", fold: 3 }]),
      /breaks its schema/,
    ],
    ["there is no list", () => treeOf({}), /pregnancy-networks\.json cannot be read/],
    ["the list is no JSON", () => treeOf({ "pregnancy-networks.json": "{" }), /is not JSON/],
  ] as const)("are refused in a sentence where %s", async (_, folder, sentence) => {
    const reading = readPregnancyNetworks(await folder(), await withoutNetworks());

    await expect(reading).rejects.toThrow(sentence);
  });
});
