import { expect, it } from "vitest";
import { readLocalConfig, readModelServerConfig } from "../../adapters/config/local-config.ts";

it("needs nothing to be set", () => {
  expect(readLocalConfig({})).toEqual({
    port: 8787,
    host: "127.0.0.1",
    dataDir: ".data",
    clinicId: "local",
    modelBundle: "model-container/models/demo",
    modelThreads: 2,
    logLevel: "info",
  });
  expect(readModelServerConfig({})).toEqual({
    port: 8080,
    modelBundle: "/opt/ml/model",
    device: "cpu",
    modelThreads: 2,
    logLevel: "info",
  });
});

it("reads what is set and takes an empty variable for none", () => {
  const local = readLocalConfig({ PORT: "0", DATA_DIR: "/tmp/x", CLINIC_ID: "north", LOG_LEVEL: "", PATH: "/bin" });
  const server = readModelServerConfig({
    SAGEMAKER_BIND_TO_PORT: "9000",
    PORT: "1",
    DEVICE: "cuda",
    MODEL_THREADS: "4",
  });

  expect(local).toMatchObject({ port: 0, dataDir: "/tmp/x", clinicId: "north", logLevel: "info" });
  expect(server).toMatchObject({ port: 9000, device: "cuda", modelThreads: 4 });
});

it.each([
  ["PORT", "80a"],
  ["PORT", "65536"],
  ["PORT", "-1"],
  ["HOST", "not a host"],
  ["CLINIC_ID", "Nord/Süd"],
  ["MODEL_THREADS", "0"],
  ["MODEL_THREADS", "1.5"],
  ["LOG_LEVEL", "loud"],
])("names %s when it is %j", (name, value) => {
  const sentence = new RegExp(`${name} has to be .*, not ${JSON.stringify(value)}`);

  expect(() => readLocalConfig({ [name]: value })).toThrow(sentence);
});

it("names every variable that is wrong", () => {
  expect(() => readModelServerConfig({ DEVICE: "tpu", MODEL_THREADS: "many" })).toThrow(/DEVICE.*MODEL_THREADS/);
});
