import { ASSUMPTIONS } from "../assumptions.ts";
import { DEPLOYMENT } from "../deployment.ts";
import { MEBIBYTES_PER_GIBIBYTE, type Month, ofComponent, SWEEPS_PER_MONTH, type Usage } from "./usage.ts";

const SECONDS_PER_HOUR = 3600;

/** Messages between stations, and the polls of functions that wait for some. */
export function messageUsage({ embryos }: Month): Usage[] {
  const { queueRequestsPerMessage, pollers, pollSeconds, hoursPerMonth } = ASSUMPTIONS;
  const queues = DEPLOYMENT.queues.length;
  const polls = (queues * pollers.value * hoursPerMonth.value * SECONDS_PER_HOUR) / pollSeconds.value;
  return [
    ...ofComponent("SQS", [
      { what: "messages", quantity: embryos * queues * queueRequestsPerMessage.value, price: "queueRequest" },
      { what: "polls of idle queues", quantity: polls, price: "queueRequest" },
    ]),
    ...ofComponent("SNS", [{ what: "notifications of the endpoint", quantity: embryos, price: "topicRequest" }]),
    ...ofComponent("EventBridge", [
      { what: "schedule of the sweep", quantity: SWEEPS_PER_MONTH, price: "scheduledCall" },
    ]),
  ];
}

/** Requests from outside. What is uploaded comes in for nothing. */
export function requestUsage({ embryos }: Month): Usage[] {
  const requests = embryos * ASSUMPTIONS.apiRequestsPerEmbryo.value;
  const outward = (embryos * ASSUMPTIONS.outwardMebibytesPerEmbryo.value) / MEBIBYTES_PER_GIBIBYTE;
  return [
    ...ofComponent("API Gateway", [{ what: "requests", quantity: requests, price: "apiRequest" }]),
    ...ofComponent("WAF", [
      { what: "access control list", quantity: DEPLOYMENT.firewalls, price: "firewallMonth" },
      { what: "rules", quantity: DEPLOYMENT.firewallRules, price: "firewallRuleMonth" },
      { what: "requests", quantity: requests, price: "firewallRequest" },
    ]),
    ...ofComponent("Data transfer", [{ what: "out to clinics", quantity: outward, price: "outwardGibibyte" }]),
  ];
}

/** The option of a network without a way out; nothing without it. */
export function networkUsage({ embryos, privateNetwork }: Month): Usage[] {
  if (!privateNetwork) return [];
  const hours = DEPLOYMENT.privateNetworkInterfaces * ASSUMPTIONS.hoursPerMonth.value;
  const gibibytes = (embryos * ASSUMPTIONS.networkMebibytesPerEmbryo.value) / MEBIBYTES_PER_GIBIBYTE;
  return ofComponent("Private network", [
    { what: "interfaces to SQS and SageMaker", quantity: hours, price: "networkInterfaceHour" },
    { what: "traffic", quantity: gibibytes, price: "networkGibibyte" },
  ]);
}
