import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";

const { scripts, dependencies, devDependencies, engines } = JSON.parse(await readFile("package.json", "utf8")) as {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string> & { node: string };
  engines: { node: string };
};

// Formatting is for those who change the code, and have installed it.
const WITHOUT_SETUP = ["format"];

const commands = Object.keys(scripts).filter((name) => !scripts[name]!.includes("cli/setup.mjs"));

it("names every package by one exact version: an old npm picks older releases out of a range", () => {
  const versions = Object.entries({ ...dependencies, ...devDependencies });

  expect(versions.length).toBeGreaterThan(20);
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

it("brings Node 24 along, and starts with any from 20 on", () => {
  expect(devDependencies.node).toMatch(/^24\./);
  expect(engines.node).toBe(">=20");
});

it("installs what a command needs before the command runs", () => {
  const unprepared = commands.filter((name) => !WITHOUT_SETUP.includes(name) && !scripts[`pre${name}`]);

  expect(commands).toContain("start");
  expect(unprepared).toEqual([]);
});

it("installs Node 24, whatever the user's own npm leaves out: development packages, or their scripts", async () => {
  const folder = await projectWithTool();
  const env = { ...process.env, NODE_ENV: "production", npm_config_omit: "dev", npm_config_ignore_scripts: "true" };

  await promisify(execFile)(process.execPath, [resolve("cli/setup.mjs")], { cwd: folder, env });

  expect(await readdir(folder)).toContain("script-ran");
  expect(await readdir(join(folder, "node_modules"))).toContain("tool");
});

it("looks for the same Python before a command and in it", async () => {
  const sources = await Promise.all(["cli/setup.mjs", "cli/python.ts"].map((file) => readFile(file, "utf8")));

  const [before, within] = sources.map((source) => source.match(/"import [^"]+"/g));

  expect(before).toHaveLength(1);
  expect(within).toEqual(before);
});

it("prepares no command that is not there", () => {
  const setups = Object.keys(scripts).filter((name) => scripts[name]!.includes("cli/setup.mjs"));

  expect(setups.filter((name) => !commands.includes(name.replace(/^pre/, "")))).toEqual([]);
});

/** A locked project whose one development package comes by a script of its own, as Node does. */
async function projectWithTool(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "blastograde-setup-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const tool = { name: "tool", version: "1.0.0", scripts: { postinstall: "echo > ../script-ran" } };
  const project = { name: "project", version: "1.0.0", devDependencies: { tool: "file:./tool" } };
  const packages = {
    "": project,
    tool: { name: "tool", version: "1.0.0", dev: true, hasInstallScript: true },
    "node_modules/tool": { resolved: "tool", link: true },
  };
  const lock = { ...project, devDependencies: undefined, lockfileVersion: 3, requires: true, packages };
  await mkdir(join(folder, "tool"));
  for (const [file, content] of Object.entries({
    "tool/package.json": tool,
    "package.json": project,
    "package-lock.json": lock,
  })) {
    await writeFile(join(folder, file), JSON.stringify(content));
  }
  return folder;
}
