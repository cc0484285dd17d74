import { parseArgs } from "node:util";
import { z } from "zod";
import { wholeNumber } from "../../core/contracts/whole-number.ts";
import { DEPLOYMENT } from "./deployment.ts";
import { INSTANCE_PRICES, type InstanceType } from "./prices.ts";
import type { Month } from "./usage/usage.ts";

/** An EmbryoScope+ archive of `npm run bench`: 800 x 800, 11 planes, every 10 minutes from 85 to 125 hpi. */
const ARCHIVE_MEBIBYTES = 167;
const INSTANCES = Object.keys(INSTANCE_PRICES) as [InstanceType, ...InstanceType[]];

const Options = z.strictObject({
  "embryos-per-month": z.string("is missing: how many are graded in a month, or 0.").pipe(wholeNumber(0, 100_000_000)),
  "wake-pattern": z.enum(["batch", "spread"]),
  "archive-mebibytes": wholeNumber(1, 20 * 1024),
  instance: z.enum(INSTANCES),
  "retention-days": wholeNumber(1, 3650),
  "private-network": z.boolean(),
  format: z.enum(["table", "json"]),
});

/**
 * The options of `npm run cost`.
 *
 * @param argv what comes behind the command's name
 * @throws Error with a sentence on each option that is missing or wrong
 */
export function readCostArguments(argv: readonly string[]): { month: Month; format: "table" | "json" } {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      "embryos-per-month": text,
      "wake-pattern": { ...text, default: "spread" },
      "archive-mebibytes": { ...text, default: String(ARCHIVE_MEBIBYTES) },
      instance: { ...text, default: DEPLOYMENT.endpoint.instanceType },
      "retention-days": { ...text, default: String(DEPLOYMENT.retentionDays.uploads) },
      "private-network": { type: "boolean", default: false },
      format: { ...text, default: "table" },
    },
  });
  const options = Options.safeParse(values);
  if (!options.success) {
    throw new Error(options.error.issues.map(({ path, message }) => `--${path.join(".")}: ${message}`).join("\n"));
  }
  const { format, instance } = options.data;
  const month = {
    embryos: options.data["embryos-per-month"],
    wakePattern: options.data["wake-pattern"],
    archiveMebibytes: options.data["archive-mebibytes"],
    instance,
    retentionDays: options.data["retention-days"],
    privateNetwork: options.data["private-network"],
  };
  return { month, format };
}
