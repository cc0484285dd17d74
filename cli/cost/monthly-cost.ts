import { PRICES } from "./prices.ts";
import { alwaysOnUsage, ENDPOINT_COMPONENT, endpointUsage } from "./usage/endpoint.ts";
import { functionUsage } from "./usage/functions.ts";
import { operationsUsage } from "./usage/operations.ts";
import { keyUsage, objectUsage, tableUsage } from "./usage/storage.ts";
import { messageUsage, networkUsage, requestUsage } from "./usage/traffic.ts";
import type { Month, Usage } from "./usage/usage.ts";

export interface CostLine extends Usage {
  readonly usd: number;
  /** The same in a month without uploads. */
  readonly idleUsd: number;
}

/** A month's costs in US dollars. */
export interface Cost {
  readonly usd: number;
  /** Null where nothing is graded. */
  readonly usdPerEmbryo: number | null;
  readonly idleUsd: number;
}

export interface MonthlyCost extends Cost {
  readonly components: readonly { component: string; usd: number; idleUsd: number }[];
  readonly lines: readonly CostLine[];
  /** With instances that never go in place of the endpoint's. */
  readonly alwaysOn: Cost & { readonly instances: number };
}

/**
 * What a month costs, line by line; a month without uploads costs what is idle.
 *
 * @throws RangeError when the endpoint's instances cannot grade as many in a month
 */
export function monthlyCost(month: Month): MonthlyCost {
  const lines = priced(usageOf(month), usageOf({ ...month, embryos: 0 }));
  const { instances, usage } = alwaysOnUsage(month);
  const endpointLines = priced(usage, alwaysOnUsage({ ...month, embryos: 0 }).usage);
  const withoutEndpoint = lines.filter(({ component }) => component !== ENDPOINT_COMPONENT);
  const components = [...Map.groupBy(lines, ({ component }) => component)].map(([component, own]) => {
    const { usd, idleUsd } = costOf(own, month);
    return { component, usd, idleUsd };
  });
  return {
    ...costOf(lines, month),
    components,
    lines,
    alwaysOn: { instances, ...costOf([...withoutEndpoint, ...endpointLines], month) },
  };
}

function usageOf(month: Month): Usage[] {
  return [
    endpointUsage,
    functionUsage,
    objectUsage,
    keyUsage,
    tableUsage,
    messageUsage,
    requestUsage,
    operationsUsage,
    networkUsage,
  ].flatMap((usage) => usage(month));
}

/** @param idle the same lines, in the same order, of a month without uploads */
function priced(usages: readonly Usage[], idle: readonly Usage[]): CostLine[] {
  return usages.map((usage, n) => ({ ...usage, usd: usdOf(usage), idleUsd: usdOf(idle[n]!) }));
}

function usdOf({ quantity, price }: Usage): number {
  return (quantity / PRICES[price].per) * PRICES[price].usd;
}

function costOf(lines: readonly CostLine[], { embryos }: Month): Cost {
  const usd = lines.reduce((sum, line) => sum + line.usd, 0);
  const idleUsd = lines.reduce((sum, line) => sum + line.idleUsd, 0);
  return { usd, usdPerEmbryo: embryos === 0 ? null : usd / embryos, idleUsd };
}
