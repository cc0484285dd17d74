import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EXPLANATION_SIZE, explanation, OUTLINE_COLOURS } from "../../core/pregnancy/explanation.ts";
import { encodeRuns } from "../../core/pregnancy/run-lengths.ts";
import { discAndRing } from "../builders/tissues.ts";

const PIXELS = 224 * 224;
const nothing = { icm: encodeRuns(new Uint8Array(PIXELS)), te: encodeRuns(new Uint8Array(PIXELS)) };
const nowhere = new Array<number>(49).fill(0);
const runsOf = ({ icm, te } = discAndRing()) => ({ icm: encodeRuns(icm), te: encodeRuns(te) });
const greyStill = (grey: number) => new Uint8Array(PIXELS).fill(grey);

/** Of the explanation's pixel in a row and a column of the still. */
function colourAt({ rgb }: { rgb: Uint8Array }, row: number, column: number): number[] {
  const pixel = 2 * row * EXPLANATION_SIZE + 2 * column;
  return [...rgb.subarray(3 * pixel, 3 * pixel + 3)];
}

describe("an explanation", () => {
  it("is the still twice as large where there is nothing to show", () => {
    const still = Uint8Array.from({ length: PIXELS }, (_, pixel) => (pixel % 224 < 112 ? 40 : 200));

    const picture = explanation(still, { attention: nowhere, firstCellPx: 15.5, masks: nothing });

    expect([picture.width, picture.height, picture.rgb.length]).toEqual([448, 448, 3 * 448 * 448]);
    expect(colourAt(picture, 100, 10)).toEqual([40, 40, 40]);
    expect(colourAt(picture, 100, 210)).toEqual([200, 200, 200]);
  });

  it("draws ICM and TE in their colours, on their own outermost pixels", () => {
    const picture = explanation(greyStill(90), { attention: nowhere, firstCellPx: 15.5, masks: runsOf() });

    // The disc's radius is 40, the ring's 80 and 95, their centre lies between the pixels 111 and 112.
    expect(colourAt(picture, 111, 111 - 39)).toEqual([...OUTLINE_COLOURS.icm]);
    expect(colourAt(picture, 111, 111 - 80)).toEqual([...OUTLINE_COLOURS.te]);
    expect(colourAt(picture, 111, 111 - 94)).toEqual([...OUTLINE_COLOURS.te]);
    for (const inside of [111 - 20, 111 - 60, 111 - 87]) expect(colourAt(picture, 111, inside)).toEqual([90, 90, 90]);
  });

  it("is most coloured where the network looked most, in pink, and leaves alone where it did not look", () => {
    const attention = nowhere.with(24, 3).with(22, 1.5);

    const picture = explanation(greyStill(100), { attention, firstCellPx: 15.5, masks: nothing });

    const [most, less, none] = [112, 48, 16].map((column) => colourAt(picture, 112, column));
    const change = (colour: number[]) => Math.hypot(...colour.map((value) => value - 100));
    expect(change(most!)).toBeGreaterThan(change(less!) + 30);
    for (const [red, green, blue] of [most!, less!]) expect(Math.min(red!, blue!)).toBeGreaterThan(green! + 10);
    expect(none).toEqual([100, 100, 100]);
  });

  it("never hides the embryo: what differs in the still differs in the picture", () => {
    fc.assert(
      fc.property(fc.tuple(fc.nat(255), fc.nat(255)), fc.nat(48), ([one, other], cell) => {
        fc.pre(Math.abs(one - other) > 30);
        const attention = nowhere.with(cell, 1);
        const [row, column] = [32 * Math.floor(cell / 7) + 16, 32 * (cell % 7) + 16];

        const colours = [one, other].map((grey) =>
          colourAt(explanation(greyStill(grey), { attention, firstCellPx: 15.5, masks: nothing }), row, column),
        );

        const difference = Math.max(...colours[0]!.map((value, channel) => Math.abs(value - colours[1]![channel]!)));
        expect(difference).toBeGreaterThan(0.4 * Math.abs(one - other));
      }),
      { numRuns: 10 },
    );
  });

  it("shows the same map the same way, however strong it is", () => {
    const attention = nowhere.map((_, cell) => (cell * 7) % 5);

    const [weak, strong] = [1e-3, 1e3].map((factor) =>
      explanation(greyStill(100), {
        attention: attention.map((value) => factor * value),
        firstCellPx: 15.5,
        masks: runsOf(),
      }),
    );

    expect(weak!.rgb.every((value, index) => Math.abs(value - strong!.rgb[index]!) <= 1)).toBe(true);
  });

  it("is the same bytes every time", () => {
    const draw = () =>
      explanation(greyStill(77), { attention: nowhere.with(10, 1), firstCellPx: 15.5, masks: runsOf() }).rgb;

    expect(Buffer.compare(draw(), draw())).toBe(0);
  });

  // Machado, Oliveira and Fernandes 2009, A Physiologically-based Model for Simulation of Color Vision Deficiency: severity 1.0.
  it.each([
    ["see all colours", [1, 0, 0, 0, 1, 0, 0, 0, 1]],
    ["see no red", [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998]],
    ["see no green", [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881]],
    ["see no blue", [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039]],
  ])("has outlines that are told apart by people who %s", (_who, matrix) => {
    const [icm, te] = [OUTLINE_COLOURS.icm, OUTLINE_COLOURS.te].map((colour) => seen(colour, matrix));

    const distance = Math.hypot(...icm!.map((value, channel) => value - te![channel]!));
    expect(distance).toBeGreaterThan(60);
  });

  it("is not drawn of masks that do not fill the picture", () => {
    const masks = { ...nothing, icm: [100] };

    expect(() => explanation(greyStill(1), { attention: nowhere, firstCellPx: 15.5, masks })).toThrow(
      expect.objectContaining({ code: "PREDICTION_INVALID" }),
    );
  });
});

/** A colour as somebody else sees it; the matrices are of linear light. */
function seen(colour: readonly number[], matrix: readonly number[]): number[] {
  const linear = colour.map((value) => (value / 255) ** 2.2);
  return [0, 3, 6].map((row) => {
    const light = matrix[row]! * linear[0]! + matrix[row + 1]! * linear[1]! + matrix[row + 2]! * linear[2]!;
    return 255 * Math.min(1, Math.max(0, light)) ** (1 / 2.2);
  });
}
