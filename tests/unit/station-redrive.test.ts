import { describe, expect, it } from "vitest";
import { CropJob } from "../../core/contracts/messages.ts";
import { StationGaveUp } from "../../core/errors.ts";
import type { DeadLetter } from "../../core/ports.ts";
import { rejectGrading } from "../../core/stations/close.ts";
import { type RedriveSource, redriveDeadLetters } from "../../core/stations/redrive.ts";
import { CLINIC, GRADING, type StationHouse, stationHouse } from "../builders/station-house.ts";
import { aGrading } from "../contract/builders.ts";

describe("a redrive", () => {
  it("sends each letter whose grading is worth it, drops what has ended, and keeps what nobody can read", async () => {
    const house = stationHouse();
    await house.gradings.create(aGrading({ gradingId: "gave-up", status: "cropping" }));
    await rejectGrading(house, "gave-up", new StationGaveUp("Tried 5 times."));
    await house.gradings.create(aGrading({ gradingId: "graded", status: "graded" }));
    const letters = lettersOf(['{"gradingId":"graded","clinicId":"north"}', "poison", cropJob("gave-up")]);

    const redrive = await redriveDeadLetters(cropRedrive(house, letters), house);

    expect(redrive).toEqual({ sent: 1, dropped: 1, kept: 1 });
    expect(house.cropJobs.messages).toEqual([{ gradingId: "gave-up", clinicId: CLINIC }]);
    expect(letters.left()).toEqual(["poison"]);
    expect(await house.gradings.find("gave-up")).toMatchObject({ status: "cropping" });
  });

  it("loses no letter that could not be sent", async () => {
    const house = stationHouse();
    await house.gradings.create(aGrading({ gradingId: GRADING, status: "cropping" }));
    const letters = lettersOf([cropJob(GRADING)]);
    const outage = new Error("the queue is down");
    const source = { ...cropRedrive(house, letters), queue: { send: () => Promise.reject(outage) } };

    await expect(redriveDeadLetters(source, house)).rejects.toBe(outage);

    expect(letters.left()).toEqual([cropJob(GRADING)]);
  });
});

const cropJob = (gradingId: string) => JSON.stringify({ gradingId, clinicId: CLINIC });

/** Gives each letter once, two at a time. */
function lettersOf(bodies: readonly string[]) {
  const all = bodies.map((body, n): DeadLetter => ({ body, receipt: `receipt-${n}` }));
  const deleted = new Set<string>();
  let given = 0;
  return {
    async receive() {
      given += 2;
      return all.slice(given - 2, given);
    },
    delete: async ({ receipt }: DeadLetter) => void deleted.add(receipt),
    left: () => all.filter(({ receipt }) => !deleted.has(receipt)).map(({ body }) => body),
  };
}

function cropRedrive(house: StationHouse, letters: ReturnType<typeof lettersOf>): RedriveSource<CropJob> {
  return {
    letters,
    parse: (body) => [CropJob.parse(JSON.parse(body))],
    queue: house.cropJobs,
    status: "cropping",
    gradingIdOf: ({ gradingId }) => gradingId,
  };
}
