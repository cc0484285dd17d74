import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { GradingAnswer } from "../../core/contracts/grading.ts";
import { notAZip } from "../builders/hostile-zips.ts";
import { expectGrades, expectRejection, expectStillGrades } from "../builders/local-clinic.ts";
import { phantomArchive, phantomStill } from "../builders/phantom-archive.ts";
import { folderOf, jsonLines, runCommand } from "../builders/run-command.ts";

describe("npm run grade", () => {
  it("prints one grading a line in the order of the files, and leaves nothing behind", async () => {
    const folder = await folderOf({
      "b.zip": await phantomArchive({ seed: 9 }),
      "a name with blanks.zip": await phantomArchive(),
    });
    const temporary = await folderOf({});
    const files = ["b.zip", "a name with blanks.zip"].map((name) => join(folder, name));

    const { exitCode, stdout, stderr } = await runCommand("grade", [...files, "--age", "34.5"], {
      TMPDIR: temporary,
      HOME: temporary,
    });

    expect(exitCode).toBe(0);
    const answers = jsonLines(stdout).map((line) => GradingAnswer.parse(line));
    expect(answers.map(({ embryoId }) => embryoId)).toEqual(["blastocyst-9", "blastocyst-8"]);
    for (const answer of answers) {
      expectGrades(answer, "SHORT_SEQUENCE");
      expect(answer.notice).toMatch(/demo.*not for clinical use/);
    }
    for (const file of files) expect(stderr).toContain(`${file}: graded`);
    expect(await readdir(temporary)).toEqual([]);
  });

  it("prints the same bytes every time, apart from the grading's id and its moment", async () => {
    const folder = await folderOf({ "a.zip": await phantomArchive() });

    const [first, second] = await Promise.all([1, 2].map(() => runCommand("grade", [join(folder, "a.zip")])));

    expect(first?.exitCode).toBe(0);
    expect(comparable(second?.stdout)).toBe(comparable(first?.stdout));
  });

  it("ends with 2 when any file was rejected, and grades the others", async () => {
    const folder = await folderOf({
      "bad.zip": notAZip(),
      "no-bytes.zip": new Uint8Array(),
      "good.zip": await phantomArchive(),
    });
    const files = ["bad.zip", "no-bytes.zip", "good.zip"].map((name) => join(folder, name));

    const { exitCode, stdout } = await runCommand("grade", files);

    expect(exitCode).toBe(2);
    const [bad, empty, good] = jsonLines(stdout).map((line) => GradingAnswer.parse(line));
    expectRejection(bad!, "NOT_A_ZIP");
    expectRejection(empty!, "ARCHIVE_EMPTY");
    expectGrades(good!, "SHORT_SEQUENCE");
  });

  it("grades stills among archives, each by its first bytes, whatever its name says", async () => {
    const folder = await folderOf({
      "E-17.jpg": await phantomStill(),
      "a.zip": await phantomArchive(),
      "picture of day 5.zip": await phantomStill({ seed: 9 }),
    });
    const files = ["E-17.jpg", "a.zip", "picture of day 5.zip"].map((name) => join(folder, name));

    const { exitCode, stdout } = await runCommand("grade", [...files, "--age", "34"]);

    expect(exitCode).toBe(0);
    const [first, archive, last] = jsonLines(stdout).map((line) => GradingAnswer.parse(line));
    expectStillGrades(first!);
    expectStillGrades(last!);
    expect(archive).toMatchObject({ status: "graded", sequence: { kind: "time-lapse" } });
    expect([first, archive, last].map((answer) => answer?.embryoId)).toEqual([
      "E-17",
      "blastocyst-8",
      "picture of day 5",
    ]);
  });

  it("says a cycle of stills, and shows them as stills in a table", async () => {
    const folder = await folderOf({
      "E-17.jpg": await phantomStill(),
      "empty.jpg": await phantomStill({ kind: "empty" }),
    });
    const files = ["E-17.jpg", "empty.jpg"].map((name) => join(folder, name));

    const json = await runCommand("grade", [...files, "--cycle", "C 4"]);
    const table = await runCommand("grade", [...files, "--format", "table"]);

    expect([json.exitCode, table.exitCode]).toEqual([2, 2]);
    const [still, empty] = jsonLines(json.stdout).map((line) => GradingAnswer.parse(line));
    expectStillGrades(still!);
    expectRejection(empty!, "NO_EMBRYO");
    expect([still?.cycleId, empty?.cycleId]).toEqual(["C 4", "C 4"]);
    expect(table.stdout).toMatch(/E-17 .*[ABC] {2}A \S+ B \S+ C \S+ .*still/);
    expect(table.stdout).toMatch(/empty .*NO_EMBRYO/);
  });

  it("prints a table for people", async () => {
    const folder = await folderOf({ "bad.zip": notAZip(), "good.zip": await phantomArchive() });
    const files = [join(folder, "bad.zip"), join(folder, "good.zip")];

    const { exitCode, stdout } = await runCommand("grade", [...files, "--format", "table"]);

    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/Embryo .*ICM .*TE .*Group/);
    expect(stdout).toMatch(/blastocyst-8 .*[ABC] {2}A \S+ B \S+ C \S+/);
    expect(stdout).toContain("NOT_A_ZIP");
    expect(stdout).toContain("not for clinical use");
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("leaves nothing behind when %s ends it in the middle", async (signal, exitCode) => {
    const folder = await folderOf({ "a.zip": await phantomArchive() });
    const temporary = await folderOf({});
    const env = { ...process.env, TMPDIR: temporary };
    const child = spawn(process.execPath, ["cli/grade.ts", join(folder, "a.zip")], { env });
    onTestFinished(() => void child.kill("SIGKILL"));
    await once(child.stderr, "data"); // The upload's first status.
    expect(await readdir(temporary)).toHaveLength(1);

    child.kill(signal);
    const [code] = await once(child, "exit");

    expect(code).toBe(exitCode);
    expect(await readdir(temporary)).toEqual([]);
  });

  it("ends with 1 and one sentence when it cannot grade at all", async () => {
    const folder = await folderOf({ "a.zip": await phantomArchive() });
    const temporary = await folderOf({});

    const { exitCode, stdout, stderr } = await runCommand("grade", [join(folder, "a.zip")], {
      TMPDIR: temporary,
      MODEL_BUNDLE: folder,
    });

    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^[^\n]*manifest\.json[^\n]*\n$/);
    expect(await readdir(temporary)).toEqual([]);
  });

  it.each([
    ["no file", [], "No file was named"],
    ["a file that is not there", ["nowhere.zip"], "There is no file nowhere.zip"],
    ["a folder", ["tests"], "There is no file tests"],
    ["an age that the models do not know", ["package.json", "--age", "60"], "--age is from 18 to 55 years"],
    ["an age that is no number", ["package.json", "--age", "old"], "--age is from 18 to 55 years"],
    ["a format that there is not", ["package.json", "--format", "xml"], "--format is json or table"],
    ["an option that there is not", ["package.json", "--quick"], "--quick"],
    ["a cycle of an archive", ["package.json", "--cycle", "C-4"], "--cycle is of stills: package.json is an archive"],
    ["a cycle without a name", ["package.json", "--cycle", " "], "--cycle is 1 to 128 characters"],
  ])("refuses a call with %s, and says how to call it", async (_what, args, sentence) => {
    const { exitCode, stdout, stderr } = await runCommand("grade", args);

    expect(exitCode).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(sentence);
    expect(stderr).toContain("Usage: npm run grade -- FILE");
  });
});

function comparable(stdout = ""): string {
  return stdout.replace(/"gradingId":"[^"]*"/, '"gradingId":""').replace(/"gradedAt":"[^"]*"/, '"gradedAt":""');
}
