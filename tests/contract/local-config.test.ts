import { expect, it } from "vitest";
import { readLocalConfig, readModelServerConfig } from "../../adapters/config/local-config.ts";

it("needs nothing to be set", () => {
  expect(readLocalConfig({})).toEqual({
    port: 8787,
    host: "127.0.0.1",
    publicUrl: null,
    dataDir: ".data",
    clinicId: "local",
    modelBundle: "model-container/models/demo",
    pregnancyCalibrator: null,
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
  ["PUBLIC_URL", "grading.example"],
  ["PUBLIC_URL", "https://grading.example/north"],
  ["PUBLIC_URL", "ftp://grading.example"],
  ["CLINIC_ID", "Nord/Süd"],
  ["MODEL_THREADS", "0"],
  ["MODEL_THREADS", "1.5"],
  ["LOG_LEVEL", "loud"],
])("names %s when it is %j", (name, value) => {
  const sentence = new RegExp(`${name} has to be .*, not ${JSON.stringify(value)}`);

  expect(() => readLocalConfig({ [name]: value })).toThrow(sentence);
});

it.each([
  ["https://grading.example", "https://grading.example"],
  ["http://grading.example:8080/", "http://grading.example:8080"],
  ["http://[fd00::1]:8787", "http://[fd00::1]:8787"],
])("takes %s for the place where clients reach the service", (value, publicUrl) => {
  expect(readLocalConfig({ PUBLIC_URL: value })).toMatchObject({ publicUrl });
});

it("names every variable that is wrong", () => {
  expect(() => readModelServerConfig({ DEVICE: "tpu", MODEL_THREADS: "many" })).toThrow(/DEVICE.*MODEL_THREADS/);
});
