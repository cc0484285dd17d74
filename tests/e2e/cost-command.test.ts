import { describe, expect, it } from "vitest";
import { ASSUMPTIONS } from "../../cli/cost/assumptions.ts";
import { jsonLines, runCommand } from "../builders/run-command.ts";

interface PrintedCost {
  readonly embryosPerMonth: number;
  readonly usd: number;
  readonly usdPerEmbryo: number | null;
  readonly idleUsd: number;
  readonly lines: readonly { usd: number; price: string }[];
  readonly alwaysOn: { usd: number; usdPerEmbryo: number | null };
  readonly assumptions: Readonly<Record<string, { value: number; kind: string; from: string }>>;
  readonly prices: Readonly<Record<string, { usd: number; lookedUp: string }>>;
}

describe("npm run cost", () => {
  it("prints costs, assumptions and prices as one line of JSON", async () => {
    const { exitCode, stdout } = await runCommand("cost", ["--embryos-per-month", "1000", "--format", "json"]);

    const [cost] = jsonLines(stdout) as [PrintedCost];
    expect(exitCode).toBe(0);
    expect(cost.embryosPerMonth).toBe(1000);
    expect(cost.lines.reduce((sum, { usd }) => sum + usd, 0)).toBeCloseTo(cost.usd, 9);
    expect(cost.usdPerEmbryo! * 1000).toBeCloseTo(cost.usd, 9);
    expect(cost.alwaysOn.usd).toBeGreaterThan(cost.usd);
    expect(Object.keys(cost.assumptions)).toEqual(Object.keys(ASSUMPTIONS));
    expect(cost.lines.filter(({ price }) => cost.prices[price] === undefined)).toEqual([]);
  });

  it("prints the same for a terminal: every line, the sum, the idle cost, an embryo's cost and what is assumed", async () => {
    const call = ["--embryos-per-month", "1000", "--wake-pattern", "batch"];
    const [table, json] = await Promise.all([
      runCommand("cost", call),
      runCommand("cost", [...call, "--format", "json"]),
    ]);

    const [{ usd, usdPerEmbryo, idleUsd, alwaysOn }] = jsonLines(json.stdout) as [PrintedCost];
    const cells = table.stdout.split("\n").map((line) => line.split("│").map((cell) => cell.trim()));
    const row = (name: string) => cells.find(([, first]) => first === name);
    expect(table.exitCode).toBe(0);
    expect(table.stdout).toMatch(/^1000 embryos a month, sent in one batch a day; archives of 167 MiB/);
    expect(row("Total")?.slice(5, 7)).toEqual([usd.toFixed(2), idleUsd.toFixed(2)]);
    expect(row("From zero")?.slice(2, 5)).toEqual([usd.toFixed(2), usdPerEmbryo!.toFixed(4), idleUsd.toFixed(2)]);
    expect(row("1 instance always on")?.slice(2, 4)).toEqual([
      alwaysOn.usd.toFixed(2),
      alwaysOn.usdPerEmbryo!.toFixed(4),
    ]);
    for (const name of Object.keys(ASSUMPTIONS)) expect(row(name)).toBeDefined();
    expect(table.stdout).toContain("without free tiers");
  });

  it("has no cost of an embryo where there is none", async () => {
    const { stdout } = await runCommand("cost", ["--embryos-per-month", "0", "--format", "json"]);

    const [{ usd, usdPerEmbryo, idleUsd }] = jsonLines(stdout) as [PrintedCost];
    expect([usdPerEmbryo, usd]).toEqual([null, idleUsd]);
  });

  it("shows how it is called when an option is missing, and prints no costs", async () => {
    const { exitCode, stdout, stderr } = await runCommand("cost", []);

    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^--embryos-per-month: is missing.*\nUsage: npm run cost -- /);
  });

  it("says how many the endpoint's instances can grade when more are asked for", async () => {
    const { exitCode, stderr } = await runCommand("cost", ["--embryos-per-month", "90000000"]);

    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^At most \d+ embryos a month can be graded with 4 as the most instances, not 90000000\.\n/);
  });
});
