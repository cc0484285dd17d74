import { expect, it } from "vitest";
import { gradingsTable } from "../../cli/gradings-table.ts";
import type { PregnancyAnswer } from "../../core/contracts/grading.ts";
import { answerOf } from "../../core/stations/answer.ts";
import { aGrading, aRecord } from "../contract/builders.ts";

const answer = answerOf(aGrading({ status: "graded" }), aRecord(), { demo: false, calibrator: null });
const pregnancy: PregnancyAnswer = {
  rawScore: 0.553,
  ageYears: 34,
  focus: "icm",
  probability: 0.411,
  interval: { low: 0.308, high: 0.519, level: 0.95 },
  calibratedOn: "2026-02-01",
};

it.each([
  ["its probability of pregnancy with the interval", pregnancy, "41 % (31-52)"],
  ["its raw score where nothing is calibrated", { ...pregnancy, probability: null, interval: null }, "score .55"],
])("shows an embryo with %s", (_what, shown, text) => {
  const row = gradingsTable([{ ...answer, pregnancy: shown }]).split("\n")[3];

  expect(row).toContain(` ${text} `);
});

it("leaves the place empty without a pregnancy score", () => {
  const [, heads, , row] = gradingsTable([{ ...answer, pregnancy: null }]).split("\n");

  const place = heads!.split("│").findIndex((head) => head.trim() === "Pregnancy");
  expect(row!.split("│")[place]!.trim()).toBe("");
});
