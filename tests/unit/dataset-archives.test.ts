import { describe, expect, it } from "vitest";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import { prepareEmbryo } from "../../cli/dataset/embryo-preparation.ts";
import { openSource } from "../../cli/dataset/source.ts";
import { discSegmenter, greyAt, plainArchive, treeOf } from "../builders/dataset-folders.ts";
import { halfJpeg } from "../builders/pictures.ts";

const HEADER = "embryo_id,cycle_id,clinic,icm,te,t_a_hpi,outcome,split,colour";
const PLANE = 224 * 224;
const wanted = { moments: { tA: 1 as const }, sequences: true, evidenceOfAll: false };
const ports = { segmenter: discSegmenter, pictures: sharpDecoder };

describe("the reader of archives", () => {
  it("joins the labels to the archives", async () => {
    const dir = await treeOf({
      "e1.zip": await plainArchive("e1"),
      "labels.csv": `${HEADER}\ne1,c9,north,A,NA,116.5,1,validation,blue\n`,
    });

    const source = await openSource(dir);
    const embryo = await source.open("e1");
    await embryo.close();

    expect(source.name).toBe("archives");
    expect(embryo).toMatchObject({
      ...{ cycleId: "c9", clinic: "north", icm: "A", te: null, annotatedHpi: 116.5 },
      ...{ outcome: 1, split: "validation", ageYears: 34 },
    });
  });

  it("takes one annotator's word where there are votes only, the same one of both structures", async () => {
    const rows = Array.from({ length: 8 }, (_, n) => `e${n},ABCABCABCAB,ABCABCABCAB\n`).join("");
    const archives = Array.from({ length: 8 }, async (_, n) => [`e${n}.zip`, await plainArchive(`e${n}`)] as const);
    const dir = await treeOf({
      ...Object.fromEntries(await Promise.all(archives)),
      "labels.csv": `embryo_id,icm_votes,te_votes\n${rows}`,
    });

    const embryos = await opened(dir);

    expect(embryos.every(({ icm, te }) => icm !== null && icm === te)).toBe(true);
    expect(new Set(embryos.map(({ icm }) => icm)).size).toBeGreaterThan(1);
    expect(embryos[0]!.icmVotes.join("")).toBe("ABCABCABCAB");
  });

  it("takes the same annotator's word of both structures where one has fewer votes", async () => {
    const ids = Array.from({ length: 12 }, (_, n) => `e${n}`);
    const archive = await plainArchive("e");
    const dir = await treeOf({
      ...Object.fromEntries(ids.map((id) => [`${id}.zip`, archive])),
      "labels.csv": `embryo_id,icm_votes,te_votes\n${ids.map((id) => `${id},ABCBB,ABC\n`).join("")}`,
    });

    const embryos = await opened(dir);

    expect(embryos.every(({ icm, te }) => icm !== null && icm === te)).toBe(true);
    expect(new Set(embryos.map(({ icm }) => icm)).size).toBe(3);
  });

  it.each(["NA", "nd", "N/A", "NaN", ""])("takes %j in any column as not known", async (na) => {
    const dir = await treeOf({
      "e1.zip": await plainArchive("e1"),
      "labels.csv": `${HEADER},icm_votes,te_votes\ne1,${na},${na},A,B,${na},${na},${na},blue,${na},${na}\n`,
    });

    const source = await openSource(dir);
    const [embryo] = await opened(dir);

    expect(source.problems).toEqual([]);
    expect(embryo).toMatchObject({
      ...{ icm: "A", te: "B", icmVotes: [], teVotes: [], cycleId: "cycle-1" },
      ...{ clinic: null, annotatedHpi: null, outcome: null, split: null },
    });
  });

  it("reads small letters as grades and votes, and an outcome with a point", async () => {
    const dir = await treeOf({
      "e1.zip": await plainArchive("e1"),
      "labels.csv": "embryo_id,icm,te,icm_votes,outcome\ne1,a,B,abC,1.0\n",
    });

    const [embryo] = await opened(dir);

    expect(embryo).toMatchObject({ icm: "A", te: "B", icmVotes: ["A", "B", "C"], outcome: 1 });
  });

  it.each([
    ["icm_votes", "AAX", "icm_votes is no row of the letters A, B and C, such as AABCA, and not NA."],
    ["outcome", "yes", "outcome is none of 0, 1 and NA."],
    ["t_a_hpi", "noon", "t_a_hpi is no hour from 0 to 400."],
    ["split", "held out", "split is none of train, validation, test and NA."],
  ])("says of a wrong cell of %s by its line what it wants", async (column, cell, sentence) => {
    const dir = await treeOf({
      "e1.zip": await plainArchive("e1"),
      "labels.csv": `embryo_id,icm,te,${column}\ne1,A,A,${cell}\n`,
    });

    const { problems } = await openSource(dir);

    expect(problems).toEqual([{ embryoId: "e1", code: "LABEL_INVALID", detail: `labels.csv, line 2: ${sentence}` }]);
  });

  it("refuses labels of which a quote would swallow rows, by file and line", async () => {
    const dir = await treeOf({
      "e1.zip": await plainArchive("e1"),
      "labels.csv": 'embryo_id,icm,te,remark\ne1,A,A,5" thick\ne2,A,A,"thin\ne3,A,A,\n',
    });

    await expect(openSource(dir)).rejects.toMatchObject({
      code: "SOURCE_INVALID",
      message: expect.stringMatching(/^labels\.csv: line 3: /),
    });
  });

  it("leaves out the time of a truncated picture in an archive and says which one", async () => {
    const damaged = { "frames/117.5_0.jpg": await halfJpeg() };
    const dir = await treeOf({
      "e1.zip": await plainArchive("e1", damaged),
      "labels.csv": `${HEADER}\ne1,,,A,A,,,,\n`,
    });

    const { embryo, stills, clip, problems } = await prepareEmbryo(await openSource(dir), "e1", wanted, ports);

    expect(embryo).not.toBeNull();
    expect(problems.filter(({ code }) => code === "IMAGE_UNREADABLE")).toMatchObject([
      { embryoId: "e1", detail: expect.stringMatching(/frames\/117\.5_0\.jpg.*117\.50 hpi is left out/) },
    ]);
    // Half an hour earlier, where the next nearest capture lies.
    expect(stills.tA![PLANE + PLANE / 2 + 112]).toBe(greyAt(0, 117));
    expect([...npzClipFormat.decode(clip!).hpi]).toEqual([91]);
  });

  it("knows an archive of another name by its manifest", async () => {
    const dir = await treeOf({
      "slide3 well4.zip": await plainArchive("e1"),
      "labels.csv": `${HEADER}\ne1,,,B,C,,,,\n`,
    });

    const source = await openSource(dir);

    expect(source.embryoIds()).toEqual(["e1"]);
    expect(source.problems).toEqual([]);
  });

  it("prepares the others beside an archive that is damaged, a row that is wrong and a label without archive", async () => {
    const whole = await plainArchive("e1");
    const dir = await treeOf({
      "e1.zip": whole,
      "e2.zip": whole.subarray(0, whole.length / 2),
      "e3.zip": await plainArchive("e3"),
      "labels.csv": `${HEADER}\ne1,,,A,A,,,,\ne2,,,A,A,,,,\ne3,,,A,E,,,,\ne4,,,A,A,,,,\ne1,,,C,C,,,,\n`,
    });

    const source = await openSource(dir);
    const results = await Promise.all(source.embryoIds().map((id) => prepareEmbryo(source, id, wanted, ports)));

    expect(source.problems.map(({ embryoId, code }) => `${embryoId} ${code}`)).toEqual([
      ...["e3 LABEL_INVALID", "e1 LABEL_REPEATED", "e4 LABEL_WITHOUT_PICTURES"],
    ]);
    expect(results.map(({ embryo, problems }) => [embryo?.icm, ...problems.map(({ code }) => code)])).toEqual([
      ...[
        ["A", "SINGLE_FRAME"],
        [undefined, "ARCHIVE_DAMAGED"],
        [undefined, "UNLABELLED"],
      ],
    ]);
  });

  it("refuses ids that cannot name a file", async () => {
    const dir = await treeOf({
      "x.zip": await plainArchive("../e1"),
      "labels.csv": `${HEADER}\n../e1,,,A,A,,,,\n`,
    });

    const source = await openSource(dir);
    const { embryo, problems } = await prepareEmbryo(source, "../e1", wanted, ports);

    expect(embryo).toBeNull();
    expect(problems.map(({ code }) => code)).toEqual(["EMBRYO_ID_UNUSABLE"]);
  });

  it("says which columns are missing", async () => {
    const dir = await treeOf({ "e1.zip": await plainArchive("e1"), "labels.csv": "embryo_id,icm\ne1,A\n" });

    await expect(openSource(dir)).rejects.toMatchObject({
      code: "SOURCE_INVALID",
      message: expect.stringMatching(/te/),
    });
  });
});

async function opened(dir: string) {
  const source = await openSource(dir);
  const embryos = await Promise.all(source.embryoIds().map((id) => source.open(id)));
  await Promise.all(embryos.map((embryo) => embryo.close()));
  return embryos;
}
