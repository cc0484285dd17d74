import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { readPreparedEmbryos } from "../../cli/bundle/dataset-reader.ts";
import { phantomEmbryo } from "../../phantom/index.ts";
import { treeOf } from "../builders/dataset-folders.ts";

const CROPPER = "model-container/models/demo/cropper.onnx";
const HOURS = { firstHpi: 116, lastHpi: 118, spacingMinutes: 60 };

const execute = promisify(execFile);

describe("npm run phantom", () => {
  it("writes a folder that prepare-dataset takes as archives, with each phantom's clinic and labels", async () => {
    const [written, out] = [await treeOf({}), await treeOf({})];
    const hours = ["--first-hpi", "116", "--last-hpi", "118", "--spacing-minutes", "60"];

    await execute(process.execPath, ["cli/phantom.ts", "--out", written, "--embryos", "2", "--seed", "1", ...hours]);
    const asked = ["embryos", "--source", written, "--out", out, "--cropper", CROPPER, "--moments", "tA"];
    const { stdout } = await execute(process.execPath, ["cli/prepare-dataset.ts", ...asked]);

    expect(JSON.parse(stdout)).toMatchObject({ source: "archives", embryos: 2 });
    const truth = [0, 1].map((index) => phantomEmbryo({ seed: 1, index, ...HOURS }));
    expect(await readPreparedEmbryos(out)).toMatchObject(
      truth.map(({ embryoId, cycleId, clinicId, icmLabel, teLabel, icmVotes, teVotes }) => ({
        ...{ embryoId, cycleId, clinic: clinicId, icm: icmLabel, te: teLabel, icmVotes, teVotes },
      })),
    );
  });
});
