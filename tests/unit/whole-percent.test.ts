import { describe, expect, it } from "vitest";
import { wholePercent } from "../../core/pregnancy/whole-percent.ts";

describe("wholePercent", () => {
  it.each([
    [0.0014, "<1"],
    [0.0051, "1"],
    [0.414, "41"],
    [0.994, "99"],
    [0.9986, ">99"],
  ])("writes %d as %s", (share, text) => {
    const written = wholePercent(share);

    expect(written).toBe(text);
  });
});
