import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import type { BundleManifest } from "../../core/contracts/bundle.ts";
import { canonicalJson } from "../../model-container/bundle/canonical-json.ts";
import { loadBundle, readNetwork } from "../../model-container/bundle/load-bundle.ts";
import { sealBundle } from "../../model-container/bundle/seal-bundle.ts";
import { gradeCalibrator, hollowBundle } from "../contract/model-server.builders.ts";

const FILES = ["cropper.onnx", "cnn.onnx", "rnn.onnx", "MODEL_CARD.md", "metrics.json"];

describe("a model bundle", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await hollowBundle();
    return () => rm(dir, { recursive: true });
  });

  const seal = (changes: Partial<Parameters<typeof sealBundle>[0]> = {}) =>
    sealBundle({ dir, name: "hollow", demo: true, features: 4, gradeCalibrator, ...changes });
  const rewriteManifest = async (change: (manifest: BundleManifest) => unknown) => {
    const path = join(dir, "manifest.json");
    const manifest = JSON.parse(await readFile(path, "utf8"));
    change(manifest);
    await writeFile(path, JSON.stringify(manifest));
  };

  it("loads as it was sealed", async () => {
    const bundle = await loadBundle(dir);

    expect(bundle.manifest).toMatchObject({ name: "hollow", demo: true, classOrder: ["A", "B", "C"], gradeCalibrator });
    expect(Object.keys(bundle.manifest.files)).toEqual(["MODEL_CARD.md", "metrics.json"]);
    expect(Buffer.from(await readNetwork(bundle, "cnn")).toString()).toBe("what cnn.onnx would hold");
  });

  it("has the same manifest byte for byte wherever the same files are sealed", async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), "bundle-"));
    for (const file of [...FILES].reverse()) await cp(join(dir, file), join(elsewhere, file));

    await seal({ dir: elsewhere });

    const manifest = await readFile(join(elsewhere, "manifest.json"), "utf8");
    expect(manifest).toBe(await readFile(join(dir, "manifest.json"), "utf8"));
    expect((await readdir(elsewhere)).sort()).toEqual([...FILES, "manifest.json"].sort());
    await rm(elsewhere, { recursive: true });
  });

  it.each(FILES)("is refused with any one byte of %s flipped", async (file) => {
    const path = join(dir, file);
    const whole = await readFile(path);
    for (let index = 0; index < whole.length; index++) {
      const flipped = Buffer.from(whole);
      flipped[index]! ^= 1;
      await writeFile(path, flipped);
      await expect(loadBundle(dir), `byte ${index}`).rejects.toMatchObject({
        code: "BUNDLE_DAMAGED",
        message: expect.stringContaining(file),
      });
    }
  });

  it.each(FILES)("is refused without %s", async (file) => {
    await rm(join(dir, file));

    await expect(loadBundle(dir)).rejects.toMatchObject({
      code: "BUNDLE_DAMAGED",
      message: expect.stringContaining(file),
    });
  });

  it("is refused when a network changes between loading and use", async () => {
    const bundle = await loadBundle(dir);
    await writeFile(join(dir, "rnn.onnx"), "another network");

    await expect(readNetwork(bundle, "rnn")).rejects.toMatchObject({ code: "BUNDLE_DAMAGED" });
  });

  it.each<[string, (manifest: BundleManifest) => unknown]>([
    ["another grade calibrator", (m) => Object.assign(m.gradeCalibrator, { icm: gradeCalibrator.te })],
    ["another model digest", (m) => Object.assign(m, { modelSha256: "0".repeat(64) })],
    ["another class order", (m) => Object.assign(m, { classOrder: ["C", "B", "A"] })],
    ["a crop we do not make", (m) => Object.assign(m.preprocessing, { cropFraction: 0.7 })],
    ["focal planes in another order", (m) => Object.assign(m.preprocessing, { focalPlanesUm: [45, 0, -45] })],
    ["a scaling we do not know", (m) => Object.assign(m.preprocessing, { scaling: "x / 255" })],
    ["a calibrator that loses mass", (m) => Object.assign(m.gradeCalibrator.te[1], [0, 1, 0])],
    ["a network's file outside the folder", (m) => Object.assign(m.networks.rnn, { file: "../rnn.onnx" })],
    ["a network missing", (m) => Reflect.deleteProperty(m.networks, "rnn")],
    ["another schema", (m) => Object.assign(m, { schema: "blastograde/bundle@2" })],
  ])("is refused when its manifest has %s", async (_, change) => {
    await rewriteManifest(change);

    await expect(loadBundle(dir)).rejects.toMatchObject({
      code: "BUNDLE_DAMAGED",
      message: expect.stringContaining("manifest.json"),
    });
  });

  it("is refused when its manifest is not JSON, or there is none", async () => {
    await writeFile(join(dir, "manifest.json"), "{");
    await expect(loadBundle(dir)).rejects.toMatchObject({ code: "BUNDLE_DAMAGED" });
    await rm(join(dir, "manifest.json"));
    await expect(loadBundle(dir)).rejects.toMatchObject({ code: "BUNDLE_DAMAGED" });
  });

  it("is not sealed without a network", async () => {
    await rm(join(dir, "cnn.onnx"));

    await expect(seal()).rejects.toMatchObject({
      code: "BUNDLE_DAMAGED",
      message: expect.stringContaining("cnn.onnx"),
    });
  });

  it("keeps its model digest when only the card, the metrics or the name change", async () => {
    const before = await loadBundle(dir);
    await writeFile(join(dir, "MODEL_CARD.md"), "a better description");
    await writeFile(join(dir, "metrics.json"), "{}");

    const after = await seal({ name: "renamed", demo: false });

    expect(after.manifest.modelSha256).toBe(before.manifest.modelSha256);
    expect(after.manifest.files).not.toEqual(before.manifest.files);
  });

  it("has another model digest with another calibrator", async () => {
    const before = await loadBundle(dir);

    const after = await seal({ gradeCalibrator: { icm: gradeCalibrator.te, te: gradeCalibrator.te } });

    expect(after.manifest.modelSha256).not.toBe(before.manifest.modelSha256);
  });

  it.each(["cropper.onnx", "cnn.onnx", "rnn.onnx"])("has another model digest with another %s", async (file) => {
    const before = await loadBundle(dir);
    await writeFile(join(dir, file), "another network");

    const after = await seal();

    expect(after.manifest.modelSha256).not.toBe(before.manifest.modelSha256);
  });
});

describe("a model bundle with pregnancy networks", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await hollowBundle();
    for (const file of ["segmenter.onnx", "pregnancy.onnx"])
      await writeFile(join(dir, file), `what ${file} would hold`);
    return () => rm(dir, { recursive: true });
  });

  const pregnancy = { input: "enhanced", architecture: "resnet50" } as const;
  const seal = (changes: Partial<Parameters<typeof sealBundle>[0]> = {}) =>
    sealBundle({ dir, name: "hollow", demo: true, features: 4, gradeCalibrator, pregnancy, ...changes });

  it("loads as it was sealed", async () => {
    await seal({ stillCalibrator: gradeCalibrator });

    const bundle = await loadBundle(dir);

    expect(bundle.manifest).toMatchObject({ networks: { pregnancy }, stillCalibrator: gradeCalibrator });
    expect(Object.keys(bundle.manifest.files)).toEqual(["MODEL_CARD.md", "metrics.json"]);
    expect(Buffer.from(await readNetwork(bundle, "segmenter")).toString()).toBe("what segmenter.onnx would hold");
  });

  it.each(["segmenter.onnx", "pregnancy.onnx"])("is neither sealed nor loaded without %s", async (file) => {
    await seal();
    await rm(join(dir, file));

    const missing = { code: "BUNDLE_DAMAGED", message: expect.stringContaining(file) };
    await expect(loadBundle(dir)).rejects.toMatchObject(missing);
    await expect(seal()).rejects.toMatchObject(missing);
  });

  it.each(["segmenter", "pregnancy"] as const)("is refused when its manifest has no %s", async (network) => {
    const { manifest } = await seal();
    const { [network]: _, ...networks } = manifest.networks;
    await writeFile(join(dir, "manifest.json"), JSON.stringify({ ...manifest, networks }));

    await expect(loadBundle(dir)).rejects.toMatchObject({ message: expect.stringContaining("come together") });
  });

  it.each<[string, () => Promise<void> | Parameters<typeof seal>[0]]>([
    ["another segmenter", () => writeFile(join(dir, "segmenter.onnx"), "another network")],
    ["another pregnancy network", () => writeFile(join(dir, "pregnancy.onnx"), "another network")],
    ["a network that takes the plain image", () => ({ pregnancy: { ...pregnancy, input: "plain" } })],
    ["no pregnancy networks", () => ({ pregnancy: undefined })],
    ["another calibrator of stills", () => ({ stillCalibrator: { icm: gradeCalibrator.te, te: gradeCalibrator.te } })],
    ["no calibrator of stills", () => ({ stillCalibrator: undefined })],
  ])("has another model digest with %s", async (_, change) => {
    const before = await seal({ stillCalibrator: gradeCalibrator });

    const changed = await change();
    const after = await seal({ stillCalibrator: gradeCalibrator, ...(changed as object) });

    expect(after.manifest.modelSha256).not.toBe(before.manifest.modelSha256);
  });

  it("has another model digest with another architecture, which places the map of where it looked", async () => {
    const before = await seal();

    const after = await seal({ pregnancy: { ...pregnancy, architecture: "vgg16" } });

    expect(after.manifest.modelSha256).not.toBe(before.manifest.modelSha256);
  });

  it("is none where the networks lie there and nobody says what they take", async () => {
    const { manifest } = await sealBundle({ dir, name: "hollow", demo: true, features: 4, gradeCalibrator });

    expect(manifest.networks).not.toHaveProperty("pregnancy");
    await expect(readNetwork({ dir, manifest }, "pregnancy")).rejects.toMatchObject({ code: "BUNDLE_DAMAGED" });
  });

  it("has the digest it always had without any of the later parts", async () => {
    const { manifest } = await sealBundle({ dir, name: "hollow", demo: true, features: 4, gradeCalibrator });

    // Of the same hollow networks, sealed before bundles could have more.
    expect(manifest.modelSha256).toBe("0c7523727fc5b8c887d332c006784dd2231bb4353153cf9ec5a0fd63206796fd");
  });
});

describe("canonical JSON", () => {
  it("is one text for one value, whatever order its keys were written in", () => {
    const text = canonicalJson({ b: [1, { d: null, c: 0.1 }], a: "é\n" });

    expect(text).toBe('{"a":"é\\n","b":[1,{"c":0.1,"d":null}]}');
    expect(canonicalJson({ a: "é\n", b: [1, { c: 0.1, d: null }] })).toBe(text);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, undefined, () => 1])("refuses %s, which JSON cannot say", (value) => {
    expect(() => canonicalJson({ a: [value] })).toThrow(TypeError);
  });
});
