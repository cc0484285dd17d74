import Table from "cli-table3";
import { ASSUMPTIONS } from "./assumptions.ts";
import type { Cost, CostLine, MonthlyCost } from "./monthly-cost.ts";
import { PRICES, type Price, type PriceName } from "./prices.ts";
import type { Month } from "./usage/usage.ts";

const FROM_WIDTH = 66;
/** No lines between rows, of which there are many. */
const LOOK = {
  style: { head: [], border: [] },
  chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
};

/** A month's costs, what they rest on, and the prices, for a terminal. */
export function costTable(month: Month, cost: MonthlyCost): string {
  const used = [...new Set(cost.lines.map(({ price }) => price))];
  return [
    heading(month),
    linesTable(cost),
    summary(cost),
    "\nAssumptions\n",
    assumptionsTable(),
    "\nPrices, taken for us-east-1, without free tiers, volume discounts and tax\n",
    pricesTable(used),
  ].join("\n");
}

function heading({ embryos, wakePattern, archiveMebibytes, instance, retentionDays, privateNetwork }: Month): string {
  const network = privateNetwork ? "in a private network" : "without a private network";
  const sent = wakePattern === "batch" ? "in one batch a day" : "as they come";
  return `${embryos} embryos a month, sent ${sent}; archives of ${archiveMebibytes} MiB, kept for ${retentionDays} days; ${instance}; ${network}`;
}

function linesTable({ lines, components, usd, idleUsd }: MonthlyCost): string {
  const table = new Table({
    head: ["Component", "What", "Quantity", "Price in USD", "USD a month", "idle"],
    colAligns: ["left", "left", "right", "left", "right", "right"],
    ...LOOK,
  });
  for (const sum of components) {
    const own = lines.filter(({ component }) => component === sum.component);
    if (own.length > 1) table.push([sum.component, "all of it", "", "", dollars(sum.usd), dollars(sum.idleUsd)]);
    for (const line of own) table.push([own.length > 1 ? "" : line.component, ...lineCells(line)]);
  }
  table.push(["Total", "", "", "", dollars(usd), dollars(idleUsd)]);
  return table.toString();
}

function lineCells({ what, quantity, price, usd, idleUsd }: CostLine): string[] {
  return [what, amount(quantity), priceWords(price), dollars(usd), dollars(idleUsd)];
}

function summary({ alwaysOn, ...cost }: MonthlyCost): string {
  const table = new Table({ head: ["", "USD a month", "USD an embryo", "USD idle"], ...LOOK });
  table.push(["From zero", ...costCells(cost)]);
  table.push([
    `${alwaysOn.instances} instance${alwaysOn.instances === 1 ? "" : "s"} always on`,
    ...costCells(alwaysOn),
  ]);
  return table.toString();
}

function costCells({ usd, usdPerEmbryo, idleUsd }: Cost): string[] {
  return [dollars(usd), usdPerEmbryo === null ? "-" : usdPerEmbryo.toFixed(4), dollars(idleUsd)];
}

function assumptionsTable(): string {
  const table = new Table({
    head: ["Assumption", "Value", "", "From"],
    ...LOOK,
    colWidths: [null, null, null, FROM_WIDTH],
    wordWrap: true,
  });
  for (const [name, { value, unit, kind, from }] of Object.entries(ASSUMPTIONS)) {
    table.push([name, `${value} ${unit}`, kind, from]);
  }
  return table.toString();
}

function pricesTable(names: readonly PriceName[]): string {
  const table = new Table({
    head: ["Price", "USD", "Looked up", "Region", "Source"],
    ...LOOK,
    colWidths: [null, null, null, null, FROM_WIDTH],
    wordWrap: true,
  });
  for (const name of names) {
    const { lookedUp, region, source, remark }: Price = PRICES[name];
    table.push([name, priceWords(name), lookedUp, region, remark === undefined ? source : `${source}; ${remark}`]);
  }
  return table.toString();
}

/** `0.4 / 1,000,000 requests` */
function priceWords(name: PriceName): string {
  const { usd, per, unit } = PRICES[name];
  return per === 1 ? `${usd} / ${unit.replace(/s$/, "")}` : `${usd} / ${per.toLocaleString("en")} ${unit}`;
}

function amount(quantity: number): string {
  return quantity.toLocaleString("en", { maximumFractionDigits: quantity < 100 ? 2 : 0 });
}

function dollars(usd: number): string {
  return usd.toFixed(2);
}
