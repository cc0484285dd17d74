import { ASSUMPTIONS } from "../assumptions.ts";
import { DEPLOYMENT, type FunctionName } from "../deployment.ts";
import { type Month, ofComponent, SWEEPS_PER_MONTH, type Usage } from "./usage.ts";

const MEBIBYTES_PER_GB = 1024;

/** Calls of each function in a month, and the seconds of one. */
function functionCalls({ embryos }: Pick<Month, "embryos">): Record<FunctionName, { calls: number; seconds: number }> {
  const { cropCpuSeconds, cropSlowdown, cropReadSeconds } = ASSUMPTIONS;
  const cropSeconds = cropCpuSeconds.value * cropSlowdown.value + cropReadSeconds.value;
  const deployments = ASSUMPTIONS.deploymentsPerMonth.value;
  return {
    ingest: { calls: embryos, seconds: ASSUMPTIONS.ingestSeconds.value },
    crop: { calls: embryos, seconds: cropSeconds },
    finished: { calls: embryos, seconds: ASSUMPTIONS.finishedSeconds.value },
    api: { calls: embryos * ASSUMPTIONS.apiRequestsPerEmbryo.value, seconds: ASSUMPTIONS.apiSeconds.value },
    sweep: { calls: SWEEPS_PER_MONTH, seconds: ASSUMPTIONS.sweepSeconds.value },
    "smoke-start": { calls: deployments, seconds: ASSUMPTIONS.smokeSeconds.value },
    "smoke-check": { calls: deployments * ASSUMPTIONS.smokeCalls.value, seconds: ASSUMPTIONS.smokeSeconds.value },
  };
}

/** Calls of all functions in a month. */
export function allCalls(month: Pick<Month, "embryos">): number {
  return Object.values(functionCalls(month)).reduce((sum, { calls }) => sum + calls, 0);
}

export function functionUsage(month: Month): Usage[] {
  const byFunction = Object.entries(functionCalls(month)).flatMap(([name, { calls, seconds }]) => {
    const { memoryMebibytes } = DEPLOYMENT.functions[name as FunctionName];
    const gbSeconds = calls * seconds * (memoryMebibytes / MEBIBYTES_PER_GB);
    return [
      { what: `${name}: requests`, quantity: calls, price: "lambdaRequest" },
      { what: `${name}: ${memoryMebibytes} MiB`, quantity: gbSeconds, price: "lambdaGibibyteSecond" },
    ] as const;
  });
  return ofComponent("Lambda", byFunction);
}
