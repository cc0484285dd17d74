import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderOf, jsonLines, runCommand } from "../builders/run-command.ts";

/** Three annotators and a network, who graded four images. */
async function gradeFiles(): Promise<(name: string) => string> {
  const folder = await folderOf({
    "one.csv": Buffer.from("a.png,3,0,0\nb.png,2,1,1\nc.png,3,2,\n"),
    "two.csv": Buffer.from("\uFEFFa.png,3,0,1\r\nb.png,2,1,1\r\nd.png,1,3,3\r\n"),
    "three.csv": Buffer.from("a.png,4,1,1\nc.png,2,2,2\nd.png,1,0,0\n"),
    "network.csv": Buffer.from("a.png,3.0,0.0,1.0\nb.png,2.0,0.0,3.0\n"),
    "bad.csv": Buffer.from("a.png,3,0,0\nb.png,3,0\n"),
  });
  return (name) => join(folder, name);
}

describe("npm run agreement", () => {
  it("prints Equations 4 and 5 for ICM and TE as one line of JSON", async () => {
    const file = await gradeFiles();

    const { exitCode, stdout } = await runCommand("agreement", [
      ...["--annotations", file("one.csv"), file("two.csv"), file("three.csv")],
      ...["--predictions", file("network.csv")],
    ]);

    // ICM: a is AAB, b is BB, c is CC; the network says A on a and on b. TE: a is ABB, b is BB; it says B on a.
    expect(exitCode).toBe(0);
    expect(jsonLines(stdout)).toEqual([
      {
        icm: { images: 3, human: expect.closeTo((2 / 3 + 1 + 1) / 3, 12), network: 0.5 },
        te: { images: 2, human: 0.5, network: expect.closeTo(1 / 3, 12) },
      },
    ]);
  });

  it("says which images do not count for the network", async () => {
    const file = await gradeFiles();

    const { stderr } = await runCommand("agreement", [
      ...["--predictions", file("network.csv"), "--annotations", file("one.csv"), "--annotations", file("two.csv")],
      file("three.csv"),
    ]);

    expect(stderr.trimEnd().split("\n")).toEqual([
      "ICM: 1 of 3 images do not count for the network, which has no prediction of them: c",
      "TE: 1 of 2 images do not count for the network, which gave no grade: b",
    ]);
  });

  it("has null for figures that one annotator alone cannot give", async () => {
    const file = await gradeFiles();

    const { exitCode, stdout, stderr } = await runCommand("agreement", [
      ...["--annotations", file("one.csv"), "--predictions", file("network.csv")],
    ]);

    expect(exitCode).toBe(0);
    expect(stderr).toContain("ICM: no image was graded by two annotators, so there is nothing to compare.");
    expect(jsonLines(stdout)).toEqual([
      { icm: { images: 0, human: null, network: null }, te: { images: 0, human: null, network: null } },
    ]);
  });

  it("refuses a bad line by file and number, and prints no figures", async () => {
    const file = await gradeFiles();

    const { exitCode, stdout, stderr } = await runCommand("agreement", [
      ...["--annotations", file("one.csv"), file("bad.csv"), "--predictions", file("network.csv")],
    ]);

    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`${file("bad.csv")}, line 2: 3 cells between commas`);
  });

  it("shows how it is called when a flag is missing", async () => {
    const { exitCode, stderr } = await runCommand("agreement", ["--annotations", "one.csv"]);

    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^--predictions is missing\.\nUsage: npm run agreement -- /);
  });

  it("says which file is not there", async () => {
    const { exitCode, stderr } = await runCommand("agreement", ["--annotations", "a", "--predictions", "gone.csv"]);

    expect([exitCode, stderr]).toEqual([2, "There is no file gone.csv.\n"]);
  });
});
