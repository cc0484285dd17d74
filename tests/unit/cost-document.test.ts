import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import type { WakePattern } from "../../cli/cost/instance-hours.ts";
import { type MonthlyCost, monthlyCost } from "../../cli/cost/monthly-cost.ts";
import type { Month } from "../../cli/cost/usage/usage.ts";

const document = await readFile("docs/cost.md", "utf8");

const AS_DEPLOYED: Omit<Month, "embryos" | "wakePattern"> = {
  archiveMebibytes: 167,
  instance: "ml.g4dn.xlarge",
  retentionDays: 30,
  privateNetwork: false,
};
const COLUMNS: readonly [number, WakePattern][] = [
  [0, "spread"],
  [1000, "batch"],
  [1000, "spread"],
  [100_000, "batch"],
  [100_000, "spread"],
];

function rowsOf(costs: readonly MonthlyCost[]): string[] {
  const row = (name: string, cells: readonly string[]) => `| ${[name, ...cells].join(" | ")} |`.replace("|  |", "| |");
  const embryo = (usd: number | null) => usd?.toFixed(4) ?? "";
  return [
    ...costs[0]!.components.map(({ component }, n) =>
      row(
        component,
        costs.map(({ components }) => components[n]!.usd.toFixed(2)),
      ),
    ),
    row(
      "**Total**",
      costs.map(({ usd }) => usd.toFixed(2)),
    ),
    row(
      "**An embryo**",
      costs.map(({ usdPerEmbryo }) => embryo(usdPerEmbryo)),
    ),
    row(
      "Total, GPU always on",
      costs.map(({ alwaysOn }) => alwaysOn.usd.toFixed(2)),
    ),
    row(
      "An embryo, GPU always on",
      costs.map(({ alwaysOn }) => embryo(alwaysOn.usdPerEmbryo)),
    ),
  ];
}

it("shows in docs/cost.md what the command prints", () => {
  const costs = COLUMNS.map(([embryos, wakePattern]) => monthlyCost({ ...AS_DEPLOYED, embryos, wakePattern }));

  expect(document.split("\n")).toEqual(expect.arrayContaining(rowsOf(costs)));
});

it.each<[string, Partial<Month>]>([
  ["as above", {}],
  ["`--retention-days 7`", { retentionDays: 7 }],
  ["`--archive-mebibytes 46`", { archiveMebibytes: 46 }],
  ["`--archive-mebibytes 500`", { archiveMebibytes: 500 }],
  ["`--instance ml.g6.xlarge`", { instance: "ml.g6.xlarge" }],
  ["`--instance ml.g5.xlarge`", { instance: "ml.g5.xlarge" }],
  ["`--private-network`", { privateNetwork: true }],
])("shows in docs/cost.md what an embryo costs with %s", (option, parts) => {
  const costs = [1000, 100_000].map((embryos) =>
    monthlyCost({ ...AS_DEPLOYED, ...parts, embryos, wakePattern: "spread" }),
  );

  const cells = costs.map(({ usdPerEmbryo }) => usdPerEmbryo!.toFixed(4));
  expect(document.split("\n")).toContain(`| ${[option, ...cells].join(" | ")} |`);
});

it("names the idle cost in its sentences", () => {
  const [idle, withNetwork] = [false, true].map(
    (privateNetwork) => monthlyCost({ ...AS_DEPLOYED, privateNetwork, embryos: 0, wakePattern: "spread" }).usd,
  );

  expect(document).toContain(`**Idle** are ${idle!.toFixed(2)} USD a month`);
  expect(document).toContain(`It makes ${withNetwork!.toFixed(2)} USD idle.`);
});
