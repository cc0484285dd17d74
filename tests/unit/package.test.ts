import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";

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

it("prepares no command that is not there", () => {
  const setups = Object.keys(scripts).filter((name) => scripts[name]!.includes("cli/setup.mjs"));

  expect(setups.filter((name) => !commands.includes(name.replace(/^pre/, "")))).toEqual([]);
});
