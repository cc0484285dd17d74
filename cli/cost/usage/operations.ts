import { ASSUMPTIONS } from "../assumptions.ts";
import { DEPLOYMENT } from "../deployment.ts";
import { allCalls } from "./functions.ts";
import { DAYS_PER_MONTH, KIBIBYTES_PER_GIBIBYTE, type Month, ofComponent, type Usage } from "./usage.ts";

/** What it costs to see what goes on, and to keep the image. */
export function operationsUsage(month: Month): Usage[] {
  const logged = logKibibytes(month) / KIBIBYTES_PER_GIBIBYTE;
  const stored = logged * (DEPLOYMENT.retentionDays.logs / DAYS_PER_MONTH);
  return [
    ...ofComponent("CloudWatch", [
      { what: "logs in", quantity: logged, price: "logGibibyte" },
      { what: `logs, for ${DEPLOYMENT.retentionDays.logs} days`, quantity: stored, price: "logGibibyteMonth" },
      // As if each had a value in every hour.
      { what: "metrics", quantity: DEPLOYMENT.ownMetrics, price: "metricMonth" },
      { what: "alarms", quantity: DEPLOYMENT.alarmMetrics, price: "alarmMonth" },
      { what: "dashboard", quantity: DEPLOYMENT.dashboards, price: "dashboardMonth" },
    ]),
    // Every call is counted; X-Ray samples when there are many in a second.
    ...ofComponent("X-Ray", [{ what: "traces", quantity: allCalls(month), price: "trace" }]),
    ...ofComponent("ECR", [
      {
        what: `${DEPLOYMENT.image.kept} images`,
        quantity: DEPLOYMENT.image.gibibytes * DEPLOYMENT.image.kept,
        price: "imageGibibyteMonth",
      },
    ]),
    ...ofComponent("Budget", [{ what: "notifications only", quantity: DEPLOYMENT.budgets, price: "budgetMonth" }]),
  ];
}

function logKibibytes(month: Month): number {
  const { logKibibytesPerCall, accessLogKibibytesPerRequest, endpointLogKibibytesPerClip, apiRequestsPerEmbryo } =
    ASSUMPTIONS;
  const perEmbryo = apiRequestsPerEmbryo.value * accessLogKibibytesPerRequest.value + endpointLogKibibytesPerClip.value;
  return allCalls(month) * logKibibytesPerCall.value + month.embryos * perEmbryo;
}
