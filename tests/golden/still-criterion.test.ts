import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import { type OpenSegmenter, openSegmenter } from "../../adapters/onnx/segmenter.ts";
import { isBlastogradeError } from "../../core/errors.ts";
import { cropStill } from "../../core/stations/crop-still.ts";
import { framePicture, type InstrumentName, type PhantomKind, phantomEmbryo } from "../../phantom/index.ts";

// A few of the seed whose rates docs/decisions/0013-stills.md has.
const SEED = 31;
const EMBRYOS = 6;
const INSTRUMENTS = ["embryoscope", "embryoscope-plus", "inverted-microscope"] as const;

describe("what the demo bundle's cropper lets pass as a still", () => {
  let segmenter: OpenSegmenter;

  beforeAll(async () => {
    const network = new Uint8Array(await readFile("model-container/models/demo/cropper.onnx"));
    segmenter = await openSegmenter(network, { sha256: "", threads: 1 });
  });
  afterAll(() => segmenter.close());

  it.each(INSTRUMENTS)(
    "is every blastocyst, nearly no embryo without a cavity, and no empty well: %s",
    async (instrument) => {
      const verdicts = async (kind: PhantomKind) => {
        const ofKind: string[] = [];
        for (let index = 0; index < EMBRYOS; index++) ofKind.push(await verdict(kind, index, instrument));
        return ofKind;
      };

      expect(await verdicts("blastocyst")).toEqual(Array(EMBRYOS).fill("graded"));
      for (const kind of ["arrested", "cleavage"] as const) {
        const refused = (await verdicts(kind)).filter((code) => code === "NO_BLASTOCYST");
        expect(refused.length, kind).toBeGreaterThanOrEqual(EMBRYOS - 1);
      }
      expect(await verdicts("empty")).not.toContain("graded");
    },
  );

  async function verdict(kind: PhantomKind, index: number, instrument: InstrumentName): Promise<string> {
    const embryo = phantomEmbryo({ seed: SEED, index, kind, instrument });
    const picture = await framePicture(embryo, embryo.tMebHpi, 0);
    try {
      await cropStill(picture, { pictures: sharpDecoder, segmenter, meter: { run: (_stage, work) => work() } });
      return "graded";
    } catch (error) {
      return isBlastogradeError(error) ? error.code : String(error);
    }
  }
});
