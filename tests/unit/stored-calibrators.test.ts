import { expect, it } from "vitest";
import { ObjectMissing, StorageUnavailable } from "../../core/errors.ts";
import { storedCalibrators } from "../../core/pregnancy/stored-calibrators.ts";
import { sha256Hex } from "../../core/sha256.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import { aCalibrator } from "../builders/calibrators.ts";
import { memoryObjects } from "../builders/memory-ports.ts";
import { StandingClock } from "../contract/builders.ts";

function calibrators() {
  const objects = memoryObjects();
  const clock = new StandingClock();
  const reported: Error[] = [];
  const calibratorOf = storedCalibrators({ objects, clock, report: (error) => reported.push(error) });
  const put = async (clinicId: string, text: string) => {
    const bytes = new TextEncoder().encode(text);
    await objects.write(objectKeys.calibrator(clinicId), bytes);
    return sha256Hex(bytes);
  };
  return { calibratorOf, put, clock, reported };
}

it("gives each clinic its own calibrator, with its file's digest", async () => {
  const { calibratorOf, put } = calibrators();
  const calibrator = aCalibrator({ modelSha256: "a".repeat(64) });
  const sha256 = await put("north", JSON.stringify(calibrator));

  expect(await calibratorOf("north")).toEqual({ calibrator, sha256 });
  expect(await calibratorOf("south")).toBeNull();
});

it("has a new calibrator in force a minute after it was stored", async () => {
  const { calibratorOf, put, clock } = calibrators();
  await calibratorOf("north");
  const sha256 = await put("north", JSON.stringify(aCalibrator({ modelSha256: "a".repeat(64) })));

  clock.passSeconds(59);
  const before = await calibratorOf("north");
  clock.passSeconds(1);
  const after = await calibratorOf("north");

  expect(before).toBeNull();
  expect(after?.sha256).toBe(sha256);
});

it.each(["no JSON", '{"schema":"another"}'])("counts an unreadable one as none, and tells: %s", async (text) => {
  const { calibratorOf, put, reported } = calibrators();
  await put("north", text);

  expect(await calibratorOf("north")).toBeNull();
  expect(reported).toEqual([expect.objectContaining({ code: "CALIBRATOR_INVALID" })]);
});

it("reads a calibrator once for all who ask at once, and again after a read that failed", async () => {
  let reads = 0;
  const objects = {
    ...memoryObjects(),
    async read(): Promise<Uint8Array> {
      if (++reads === 1) throw new StorageUnavailable("S3 is down.");
      throw new ObjectMissing("There is none.");
    },
  };
  const calibratorOf = storedCalibrators({ objects, clock: new StandingClock(), report: () => {} });

  await expect(calibratorOf("north")).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE" });
  const answers = await Promise.all([1, 2, 3].map(() => calibratorOf("north")));

  expect(answers).toEqual([null, null, null]);
  expect(reads).toBe(2);
});
