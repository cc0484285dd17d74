// What a deployment costs in a month, from the dated price table beside it.
import { readCostArguments } from "./cost/arguments.ts";
import { ASSUMPTIONS } from "./cost/assumptions.ts";
import { costTable } from "./cost/cost-table.ts";
import { DEPLOYMENT } from "./cost/deployment.ts";
import { monthlyCost } from "./cost/monthly-cost.ts";
import { INSTANCE_PRICES, PRICES } from "./cost/prices.ts";

const USAGE = `Usage: npm run cost -- --embryos-per-month N [--wake-pattern batch|spread] [--archive-mebibytes M]
         [--instance ${Object.keys(INSTANCE_PRICES).join("|")}] [--retention-days D] [--private-network] [--format table|json]
--wake-pattern: spread, each upload is graded as it comes, or batch, a day's uploads are graded at once. --retention-days: how
long uploads are kept. Prices are dated estimates in US dollars, no offer.`;

/** 0 when the costs were printed, 2 when the call is wrong. */
process.exitCode = main();

function main(): number {
  try {
    const { month, format } = readCostArguments(process.argv.slice(2));
    const cost = monthlyCost(month);
    if (format === "json") {
      const { embryos, ...options } = month;
      const beside = { assumptions: ASSUMPTIONS, prices: PRICES, deployment: DEPLOYMENT };
      console.log(JSON.stringify({ embryosPerMonth: embryos, ...options, ...cost, ...beside }));
    } else console.log(costTable(month, cost));
    return 0;
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
}
