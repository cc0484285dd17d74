import { expect, it } from "vitest";
import { type GradingMoved, watchGradings } from "../../core/stations/watched-gradings.ts";
import { memoryGradings } from "../builders/memory-ports.ts";
import { aGrading } from "../contract/builders.ts";

async function watched() {
  const moves: GradingMoved[] = [];
  const gradings = watchGradings(memoryGradings(), (moved) => moves.push(moved));
  await gradings.create(aGrading({ embryoId: "Smith, Jane 1" }));
  return { gradings, moves };
}

it("tells of a grading's move once, however often it is made", async () => {
  const { gradings, moves } = await watched();
  const rejection = { code: "NOT_A_ZIP", detail: "no zip" };
  const move = { status: "rejected", rejection, updatedAt: "2026-03-01T12:01:30.000Z" } as const;

  await Promise.all([1, 2, 3].map(() => gradings.change("grading-1", ["received"], move)));

  expect(moves).toEqual([
    { status: "rejected", gradingId: "grading-1", clinicId: "north", code: "NOT_A_ZIP", ageSeconds: 90 },
  ]);
});

it("tells nothing of a change that moves nothing, and never an embryo's name", async () => {
  const { gradings, moves } = await watched();

  await gradings.change("grading-1", ["received"], { cycleId: "cycle 2" });
  await gradings.change("grading-1", ["received"], { status: "cropping" });

  expect(moves.map(({ status }) => status)).toEqual(["cropping"]);
  expect(JSON.stringify(moves)).not.toContain("Smith");
});
