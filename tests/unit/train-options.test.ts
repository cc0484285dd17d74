import { expect, it } from "vitest";
import { parseTrainOptions, scriptValue } from "../../cli/training/train-options.ts";

const FOLDERS = ["--data", "prepared", "--out", "run"];

it("hands a network's own options on as they are, wherever ours stand between them", () => {
  const options = parseTrainOptions([
    "--on",
    "local",
    "cnn",
    "--epochs",
    "3",
    ...FOLDERS,
    "--flips",
    "--loss",
    "linear",
  ]);

  expect(options).toEqual({
    on: "local",
    network: "cnn",
    data: "prepared",
    out: "run",
    processes: 1,
    arguments: ["--epochs", "3", "--flips", "--loss", "linear"],
  });
});

it.each(["--cnn", "--from"])("trains here unless told otherwise, where %s is the script's own option", (name) => {
  const options = parseTrainOptions(["rnn", ...FOLDERS, name, "best.pt"]);

  expect(options).toMatchObject({ on: "local", arguments: [name, "best.pt"] });
});

it.each(["cnn", "from"])("takes --%s as a file to send, elsewhere", (name) => {
  const job = ["--on", "sagemaker", "cnn", ...FOLDERS, "--role", "role", "--bucket", "north"];

  expect(parseTrainOptions([...job, `--${name}`, "best.pt"])).toMatchObject({ [name]: "best.pt", arguments: [] });
});

it.each(["segmenter", "pregnancy"])("trains the %s here and elsewhere", (network) => {
  const job = ["--on", "sagemaker", network, ...FOLDERS, "--role", "role", "--bucket", "north", "--from", "best.pt"];

  expect(parseTrainOptions([network, ...FOLDERS, "--processes", "2"])).toMatchObject({ network, processes: 2 });
  expect(parseTrainOptions(job)).toMatchObject({ network, from: "best.pt", arguments: [] });
});

it.each([
  [["--fold", "1"], "none"],
  [["--weights", "imagenet", "--fold", "1"], "imagenet"],
  [["--weights=imagenet"], "imagenet"],
  [["--weights", "a.pth", "--weights", "b.pth"], "b.pth"],
  [["--fold", "1", "--weights"], ""],
])("finds in %j what a script takes for its own option", (scriptArguments, value) => {
  expect(scriptValue(scriptArguments, "weights", "none")).toBe(value);
});

it("takes spot instances for a day at most, unless told otherwise", () => {
  const job = ["--on=sagemaker", "cnn", ...FOLDERS, "--role", "role", "--bucket", "north"];

  expect(parseTrainOptions(job)).toMatchObject({ spot: true, "max-hours": 24, instances: 1, wait: false });
  expect(parseTrainOptions([...job, "--no-spot", "--wait", "--max-hours", "1.5"])).toMatchObject({
    spot: false,
    wait: true,
    "max-hours": 1.5,
  });
});

it.each([
  [["--on", "moon", "cnn", ...FOLDERS], "--on has to be local or sagemaker"],
  [["--on", "local", "xception", ...FOLDERS], "has to be one of cropper, cnn, rnn, segmenter, pregnancy"],
  [["cnn", "--out", "run"], "--data is missing"],
  [["cnn", "--data"], "--data has no value"],
  [["cnn", ...FOLDERS, "--processes", "0"], "--processes has to be a whole number from 1 to 64"],
  [["--on", "sagemaker", "cnn", ...FOLDERS, "--bucket", "north"], "--role is missing"],
  [["--on", "sagemaker", "cnn", ...FOLDERS, "--role", "r", "--bucket", "A/b"], "--bucket has to be a bucket's name"],
  [["--on", "sagemaker", "cnn", ...FOLDERS, "--role", "r", "--bucket", "abc", "--tag", "x"], "has to be KEY=VALUE"],
])("says what is wrong with %j", (argv, sentence) => {
  expect(() => parseTrainOptions(argv)).toThrow(sentence);
});
