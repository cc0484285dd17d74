import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LocalService, openLocalService } from "../../cli/local.ts";
import { calibratorBeside } from "../../cli/local-calibrator.ts";
import { Cohort, EmbryoPage } from "../../core/contracts/http.ts";
import { aCalibrator } from "../builders/calibrators.ts";
import { expectGrades, type LocalClinic, openLocalClinic } from "../builders/local-clinic.ts";
import { phantomArchive } from "../builders/phantom-archive.ts";
import { type BundleFolder, pregnancyBundle } from "../builders/pregnancy-bundle.ts";
import { folderOf, runCommand } from "../builders/run-command.ts";
import { digestOf, temporaryFolder } from "../contract/builders.ts";

describe("the probability of pregnancy", () => {
  let bundle: BundleFolder;
  let clinic: LocalClinic;
  beforeAll(async () => {
    bundle = await pregnancyBundle();
    await writeCalibrator(bundle.modelSha256);
    clinic = await openLocalClinic(bundle.dir);
  });
  afterAll(async () => {
    await clinic?.close();
    await bundle?.remove();
  });

  it("comes with its interval, its raw score and the age, and says where the network looked", async () => {
    const answer = await clinic.upload(await phantomArchive(), { ageYears: 34 });

    expectGrades(answer, "SHORT_SEQUENCE");
    const { rawScore, probability, interval, ...rest } = answer.pregnancy!;
    expect(rest).toEqual({ ageYears: 34, focus: "icm", calibratedOn: "2026-02-01" });
    expect(probability).toBeGreaterThan(interval!.low);
    expect(probability).toBeLessThan(interval!.high);
    expect(rawScore).not.toBe(probability);
    expect(answer.provenance?.calibratorSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(answer.notice).toContain("not for clinical use");
  });

  it("has a picture, of which the clinic sees the embryo it was made of", async () => {
    const { embryoId } = await clinic.upload(await phantomArchive(), { ageYears: 34 });

    const response = await clinic.send(`/v1/embryos/${embryoId}/explanation`);

    expect(response.status).toBe(200);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.toString("latin1", 0, 4) + bytes.toString("latin1", 8, 12)).toBe("RIFFWEBP");
  });

  it("is never made with an invented age", async () => {
    const answer = await clinic.upload(await phantomArchive({ seed: 9 }));

    expect(answer).toMatchObject({ status: "graded", pregnancy: null });
    expect(answer.warnings.map(({ code }) => code)).toContain("AGE_MISSING");
    const explanation = await clinic.send(`/v1/embryos/${answer.embryoId}/explanation`);
    expect(explanation.status).toBe(404);
  });

  it("ranks a cycle, in the cycle's cohort and in the list of embryos alike", async () => {
    const page = EmbryoPage.parse(await (await clinic.send("/v1/embryos")).json());
    const [ranked] = page.embryos.filter(({ pregnancy }) => pregnancy !== null);

    const cohort = Cohort.parse(await (await clinic.send(`/v1/cycles/${ranked!.cycleId}`)).json());

    const inList = page.embryos.filter(({ cycleId }) => cycleId === ranked!.cycleId);
    expect(cohort.embryos.map(({ embryoId, rank }) => [embryoId, rank]).sort()).toEqual(
      inList.map(({ embryoId, rank }) => [embryoId, rank]).sort(),
    );
  });

  async function writeCalibrator(modelSha256: string): Promise<void> {
    await writeFile(calibratorBeside(bundle.dir), JSON.stringify(aCalibrator({ modelSha256 })));
  }
});

describe("a service with the calibrator of another model", () => {
  it("does not start, and can be started once that is taken away", async () => {
    const bundle = await pregnancyBundle();
    const named = join(await temporaryFolder(), "calibrator.json");
    await writeFile(named, JSON.stringify(aCalibrator({ modelSha256: digestOf("another model") })));
    const options = {
      dataDir: await temporaryFolder(),
      clinicId: "north",
      modelBundle: bundle.dir,
      modelThreads: 1,
      logger: pino({ level: "silent" }),
    };

    const refused = openLocalService({ ...options, pregnancyCalibrator: named });

    await expect(refused).rejects.toMatchObject({ code: "CALIBRATOR_OF_OTHER_MODEL", retryable: false });
    const service: LocalService = await openLocalService(options);
    await service.close();
    await bundle.remove();
  });

  it("is told in one sentence by npm run grade", async () => {
    const named = join(await temporaryFolder(), "calibrator.json");
    await writeFile(named, JSON.stringify(aCalibrator({ modelSha256: digestOf("another model") })));
    const archive = join(await folderOf({ "a.zip": await phantomArchive() }), "a.zip");

    const { exitCode, stdout, stderr } = await runCommand("grade", [archive], { PREGNANCY_CALIBRATOR: named });

    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^[^\n]*was fitted for the model [0-9a-f]{64}[^\n]*\n$/);
  });
});
