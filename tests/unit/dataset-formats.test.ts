import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvLine, parseCsv } from "../../cli/dataset/csv.ts";
import { parseMoments } from "../../cli/dataset/moments.ts";
import { splitOfCycle } from "../../cli/dataset/split.ts";

describe("CSV", () => {
  it("reads back whatever it wrote", () => {
    const cell = fc.string({ unit: fc.constantFrom("a", " ", ",", '"', "\n", "\r", ";") }).map((text) => text.trim());
    const row = fc.array(cell, { minLength: 1 }).filter((cells) => cells.some((content) => content !== ""));
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const text = rows.map(csvLine).join("");

        expect(parseCsv(text).map(({ cells }) => cells)).toEqual(rows);
      }),
    );
  });

  it("takes a byte order mark, CRLF, blanks and blank lines, and counts lines as an editor does", () => {
    const rows = parseCsv('\uFEFFa;b\r\n\r\n "x;y" ; 2\r\n', ";");

    expect(rows).toEqual([
      { line: 1, cells: ["a", "b"] },
      { line: 3, cells: ["x;y", "2"] },
    ]);
  });

  it("takes a quote that does not begin a cell as it stands", () => {
    const rows = parseCsv('e1,zona 5" thick\ne2,"zona 6"" thick"\ne3,7\n');

    expect(rows.map(({ cells }) => cells)).toEqual([
      ["e1", 'zona 5" thick'],
      ["e2", 'zona 6" thick'],
      ["e3", "7"],
    ]);
  });

  it.each([
    ["to the end", 'id,remark\ne1,"thick\ne2,thin\n'],
    ["before another quoted cell", 'id,remark\ne1,"thick\ne2,"thin"\n'],
  ])("says on which line a quote opens that nothing closes %s", (_, text) => {
    expect(() => parseCsv(text)).toThrow(
      expect.objectContaining({ code: "SOURCE_INVALID", message: expect.stringMatching(/^line 2: .*quote/) }),
    );
  });
});

describe("the split", () => {
  const cycles = Array.from({ length: 4000 }, (_, n) => `AA${n}`);

  it("gives each split its share of the cycles, whatever they are called", () => {
    const splits = cycles.map((cycle) => splitOfCycle(cycle));

    expect(splits.filter((split) => split === "test").length / 4000).toBeCloseTo(0.15, 1);
    expect(splits.filter((split) => split === "validation").length / 4000).toBeCloseTo(0.15, 1);
  });

  it("makes everything the test where all of it is asked for", () => {
    const splits = new Set(cycles.map((cycle) => splitOfCycle(cycle, { validation: 0, test: 1 })));

    expect([...splits]).toEqual(["test"]);
  });
});

describe("--moments", () => {
  it("is read in one order, one variant where no number is given", () => {
    expect(Object.entries(parseMoments("110,tMEB:3,tA:9"))).toEqual([
      ["110", 1],
      ["tA", 9],
      ["tMEB", 3],
    ]);
  });

  it.each(["tB", "tA:2", "tA:9:1", "110.5"])("refuses %s with the moments that there are", (text) => {
    expect(() => parseMoments(text)).toThrow(/tA, tMEB, 105/);
  });
});
