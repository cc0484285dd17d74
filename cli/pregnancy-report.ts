// How well pregnancies are predicted on a data set: every network on the embryos that it never saw, Kim's tables, one page.
import { forbidTelemetry } from "../adapters/config/telemetry.ts";
import { type ReportArguments, readReportArguments } from "./pregnancy/arguments.ts";
import { mainFigures } from "./pregnancy/main-figures.ts";
import { measureNetworks, type OpenedTransfers, openTransfers } from "./pregnancy/measured-networks.ts";

const USAGE = `Usage: npm run pregnancy-report -- --clips DIR --out DIR [--networks DIR] [--bundle model-container/models/demo]
         [--segmenter FILE] [--resamples 1000] [--seed 1] [--threads N]
--clips: a prepared data set with clips, ages and outcomes. docs/evaluation.md says how to read the report.`;

/** 0 when the report was written, 1 when it could not be made, 2 when the call, the data set or the networks are wrong. */
process.exitCode = await main().catch((error: Error) => {
  console.error(error.message);
  return 1;
});

async function main(): Promise<number> {
  let call: ReportArguments;
  try {
    call = readReportArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  forbidTelemetry();
  let opened: OpenedTransfers;
  try {
    opened = await openTransfers(call);
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  const { page, report } = await measureNetworks(opened, call, (sentence) => console.error(sentence));
  console.log(JSON.stringify({ report: page, ...mainFigures(report) }));
  return 0;
}
