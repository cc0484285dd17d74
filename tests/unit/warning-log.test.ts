import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WarningLog } from "../../core/stations/warnings.ts";

function logged(...warnings: { code: string; detail: string }[]) {
  const log = new WarningLog();
  for (const warning of warnings) log.add(warning);
  return log.list();
}

const colour = { code: "COLOUR", detail: "A colour picture was turned into grey." };
const edge = { code: "EDGE", detail: "The embryo touches the edge." };

describe("WarningLog", () => {
  it("says a single warning as it is", () => {
    expect(logged(colour)).toEqual([colour]);
  });

  it("says each code once, with how often it came up, in the order of the first", () => {
    expect(logged(edge, colour, colour, edge, colour)).toEqual([
      { code: "EDGE", detail: "The embryo touches the edge. (2 times)" },
      { code: "COLOUR", detail: "A colour picture was turned into grey. (3 times)" },
    ]);
  });

  it("keeps the first detail of a code", () => {
    expect(logged(edge, { ...edge, detail: "Another one." })[0]!.detail).toBe("The embryo touches the edge. (2 times)");
  });

  it("never lists a code twice, and leaves none out", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("A", "B", "C", "D")), (codes) => {
        const list = logged(...codes.map((code) => ({ code, detail: "x" })));

        expect(list.map(({ code }) => code)).toEqual([...new Set(codes)]);
      }),
    );
  });

  it("is empty when nothing was remarked", () => {
    expect(logged()).toEqual([]);
  });
});
