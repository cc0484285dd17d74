import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseGradeSheet, UnreadableSheet } from "../../cli/agreement/grade-sheet.ts";
import { sheetAgreement } from "../../cli/agreement/sheet-agreement.ts";

const sheet = (text: string) => parseGradeSheet("sheet.csv", new TextEncoder().encode(text));

describe("parseGradeSheet", () => {
  it("reads 0, 1, 2 as A, B, C, and 3 or nothing as no grade", () => {
    const grades = sheet("a.png,3,0,1\nb.png,4,2,3\nc.png,,,0\n");

    expect([...grades]).toEqual([
      ["a", { icm: "A", te: "B" }],
      ["b", { icm: "C", te: undefined }],
      ["c", { icm: undefined, te: "A" }],
    ]);
  });

  it.each([
    ["a byte order mark and DOS line ends", "\uFEFFa.png,3,0,1\r\nb.png,3,2,2\r\n"],
    ["no line end at the end, and empty lines", "\na.png,3,0,1\n\n  \nb.png,3,2,2"],
    ["fractions, blanks and quotation marks", '"a.png", 3.0, 0.0, 1.0\n"b.png",3.,2.00, "2"\n'],
    ["other endings of a picture's name, or none", "a,3,0,1\nb.JPEG,3,2,2\n"],
  ])("reads %s the same", (_, text) => {
    expect(sheet(text)).toEqual(sheet("a.png,3,0,1\nb.png,3,2,2\n"));
  });

  it("takes the -1 of consensus tables for no grade", () => {
    expect(sheet("a.png,-1.0,-1,2\n").get("a")).toEqual({ icm: undefined, te: "C" });
  });

  it.each([
    ["a.png,3,0,4", 'line 1: te is "4", wanted 0, 1, 2 (A, B, C), or 3 or nothing for no grade'],
    ["a.png,3,0,1\nb.png,3,0.5,1", 'line 2: icm is "0.5"'],
    ["a.png,3,A,1", 'icm is "A"'],
    ["a.png,expanded,0,1", 'exp is "expanded", wanted a number or nothing'],
    ["a.png,3,0", "3 cells between commas; wanted image,exp,icm,te"],
    ["a.png;3;0;1", "1 cell between commas"],
    ["a.png,3,0,1,0", "5 cells"],
    [",3,0,1", 'image is "", wanted the name of an image'],
    ["image,exp,icm,te\na.png,3,0,1", "line 1: a header; the files have none, remove it"],
    ["a.png,3,0,1\nb.png,3,0,1\r\na.png,3,0,1", "line 3: a.png is on line 1 too"],
    ["a.png,3,0,1\na,3,0,2", "line 2: a is on line 1 too"],
    ["", "there is no line in it"],
  ])("refuses %j by file and line", (text, sentence) => {
    const read = () => sheet(text);

    expect(read).toThrow(UnreadableSheet);
    expect(read).toThrow(/^sheet\.csv/);
    expect(read).toThrow(sentence);
  });

  it("names five bad lines and counts the others", () => {
    const read = () => sheet(Array.from({ length: 9 }, (_, n) => `${n}.png,3,9,9`).join("\n"));

    expect(read).toThrow(/line 5: [^\n]*\nand 4 more such lines$/);
  });

  it("refuses what is no text", () => {
    const read = () => parseGradeSheet("a.png", new Uint8Array([0x89, 0x50, 0x4e, 0x47]));

    expect(read).toThrow("a.png: this is no text in UTF-8");
  });

  it("reads any text or says why not", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ab.png,0123\n\r -\"'") }), (text) => {
        try {
          expect(sheet(text).size).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableSheet);
        }
      }),
    );
  });
});

describe("sheetAgreement", () => {
  it("counts the images of two annotators or more, whoever they are", () => {
    const annotations = [sheet("a,3,0,0\nb,3,0,"), sheet("b,3,0,1\nc,3,2,2"), sheet("a,3,1,0\nb,3,1,3")];
    const predictions = sheet("a,3,0,0\nb,3,0,0\nc,3,2,2");

    const icm = sheetAgreement(annotations, predictions, "icm");
    const te = sheetAgreement(annotations, predictions, "te");

    // a: A, B. b: A, A, B. For the annotators 0 and 2/3; for the network 1/2 and 1.
    expect(icm).toMatchObject({ images: 2, missing: [], ungraded: [] });
    expect(icm.human).toBeCloseTo(1 / 3, 12);
    expect(icm.network).toBeCloseTo(3 / 4, 12);
    expect(te).toEqual({ images: 1, human: 1, network: 1, missing: [], ungraded: [] });
  });

  it("leaves images without a predicted grade out of the network's figure only, and tells them apart", () => {
    const annotations = [sheet("a,3,0,0\nb,3,1,0\nc,3,1,0"), sheet("a,3,0,0\nb,3,2,0\nc,3,2,0")];

    const icm = sheetAgreement(annotations, sheet("a,3,0,0\nc,3,3,0\nz,3,1,1"), "icm");

    expect(icm).toMatchObject({ images: 3, network: 1, missing: ["b"], ungraded: ["c"] });
    expect(icm.human).toBeCloseTo(1 / 3, 12);
  });
});
