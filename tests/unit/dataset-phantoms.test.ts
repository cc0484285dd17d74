import { describe, expect, it } from "vitest";
import { openSource } from "../../cli/dataset/source.ts";
import { GRADES, type Grade } from "../../core/contracts/grades.ts";
import { phantomEmbryo } from "../../phantom/index.ts";
import { treeOf } from "../builders/dataset-folders.ts";

const FILE = { schema: "blastograde/phantoms@1", seed: 4, embryos: 60 };

describe("the reader of phantoms", () => {
  it("labels an embryo with one annotator's word, whatever the others say and whatever is true", async () => {
    const source = await openSource(await treeOf({ "phantoms.json": JSON.stringify(FILE) }));

    const embryos = await Promise.all(source.embryoIds().map((id) => source.open(id)));

    const phantoms = Array.from({ length: FILE.embryos }, (_, index) => phantomEmbryo({ seed: FILE.seed, index }));
    expect(embryos.map(({ embryoId, icm, te }) => [embryoId, icm, te])).toEqual(
      phantoms.map(({ embryoId, icmLabel, teLabel }) => [embryoId, icmLabel, teLabel]),
    );
    expect(
      embryos.filter(({ icm, icmVotes }) => icm !== null && icm !== mostFrequent(icmVotes)).length,
    ).toBeGreaterThan(5);
    expect(embryos.map(({ cycleId, clinic }) => [cycleId, clinic])).toEqual(
      phantoms.map(({ cycleId, clinicId }) => [cycleId, clinicId]),
    );
  });

  it.each([
    ["is no JSON", "{"],
    ["is of another schema", JSON.stringify({ ...FILE, schema: "blastograde/phantoms@2" })],
    ["has no embryo", JSON.stringify({ ...FILE, embryos: 0 })],
    ["has a key that nobody knows", JSON.stringify({ ...FILE, first_hpi: 110 })],
    ["ends before it begins", JSON.stringify({ ...FILE, firstHpi: 120, lastHpi: 110 })],
  ])("refuses a phantoms.json that %s", async (_, text) => {
    const dir = await treeOf({ "phantoms.json": text });

    await expect(openSource(dir)).rejects.toMatchObject({
      code: "SOURCE_INVALID",
      message: expect.stringContaining("phantoms.json"),
    });
  });
});

function mostFrequent(votes: readonly Grade[]): Grade {
  const count = (grade: Grade) => votes.filter((vote) => vote === grade).length;
  return GRADES.reduce((a, b) => (count(b) > count(a) ? b : a));
}
