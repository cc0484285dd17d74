/** First byte of a clip that the scripted worker obeys. */
export const ORDERS = { answer: 0, waitAtGate: 1, throw: 2, exit: 3, notANumber: 4, sumOffOne: 5 } as const;

/** File in the bundle's folder; a worker at the gate goes on once it is there. */
export const OPEN_GATE = ".gate-is-open";

/** File that the worker writes there when it comes to the gate. */
export const AT_GATE = ".at-gate";
