import { ASSUMPTIONS } from "../assumptions.ts";
import { DEPLOYMENT } from "../deployment.ts";
import { instanceHours, type WakingEndpoint } from "../instance-hours.ts";
import { MEBIBYTES_PER_GIBIBYTE, type Month, ofComponent, type Usage } from "./usage.ts";

export const ENDPOINT_COMPONENT = "GPU endpoint";

const SECONDS_PER_HOUR = 3600;
const MINUTES_PER_HOUR = 60;

const { gradeCpuSeconds, gpuShare, gradeTransferSeconds } = ASSUMPTIONS;

/** The endpoint as it is deployed, used as is assumed. */
export const WAKING_ENDPOINT: WakingEndpoint = {
  startUpHours: ASSUMPTIONS.startUpMinutes.value / MINUTES_PER_HOUR,
  workHoursPerEmbryo: (gradeCpuSeconds.value * gpuShare.value + gradeTransferSeconds.value) / SECONDS_PER_HOUR,
  idleHours: DEPLOYMENT.endpoint.idleMinutes / MINUTES_PER_HOUR,
  workingDays: ASSUMPTIONS.workingDays.value,
  workingHoursPerDay: ASSUMPTIONS.workingHoursPerDay.value,
  backlogPerInstance: DEPLOYMENT.endpoint.backlogPerInstance,
  maxInstances: DEPLOYMENT.endpoint.maxInstances,
  utilisation: ASSUMPTIONS.utilisation.value,
  hoursPerMonth: ASSUMPTIONS.hoursPerMonth.value,
};

/** @throws RangeError when the endpoint's instances cannot grade as many in a month */
export function endpointUsage({ embryos, wakePattern, instance }: Month): Usage[] {
  const { startUpHours, workHoursPerEmbryo, idleHours } = WAKING_ENDPOINT;
  const smokeHours = ASSUMPTIONS.deploymentsPerMonth.value * (startUpHours + workHoursPerEmbryo + idleHours);
  const hours = instanceHours(wakePattern, embryos, WAKING_ENDPOINT);
  return ofComponent(ENDPOINT_COMPONENT, [
    { what: `${instance}, from zero`, quantity: hours, price: instance },
    { what: `${instance}, smoke grading`, quantity: smokeHours, price: instance },
    clipsIn(embryos),
  ]);
}

/** The same gradings by instances that never go: as many as serve the uploads when they come. */
export function alwaysOnUsage({ embryos, instance }: Month): { instances: number; usage: Usage[] } {
  const { workHoursPerEmbryo, workingDays, workingHoursPerDay, utilisation, hoursPerMonth } = WAKING_ENDPOINT;
  const needed = (embryos * workHoursPerEmbryo) / (workingDays * workingHoursPerDay * utilisation);
  const instances = Math.max(1, Math.ceil(needed));
  const usage = ofComponent(ENDPOINT_COMPONENT, [
    { what: `${instance}, always on`, quantity: instances * hoursPerMonth, price: instance },
    clipsIn(embryos),
  ]);
  return { instances, usage };
}

function clipsIn(embryos: number): Omit<Usage, "component"> {
  const gibibytes = (embryos * ASSUMPTIONS.clipMebibytes.value) / MEBIBYTES_PER_GIBIBYTE;
  return { what: "clips in", quantity: gibibytes, price: "endpointGibibyte" };
}
