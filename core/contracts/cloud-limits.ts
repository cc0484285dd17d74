/** How long the asynchronous endpoint may keep a request: the crop station says it, the sweep waits for it. */
export const INFERENCE_LIMITS = {
  /** A request that has waited for so long in the endpoint's queue expires. */
  requestTtlSeconds: 6 * 3600,
  /** One clip; a full one takes seconds on a GPU. */
  invocationTimeoutSeconds: 300,
} as const;

/** How long an upload's form is good, and how long a transfer begun in its last second may take. */
export const UPLOAD_LIMITS = { formSeconds: 3600, transferSeconds: 24 * 3600 } as const;

/** When the sweep takes a grading for stuck, and how often it sends it on before it gives it up. */
export const SWEEP_LIMITS = { idleSeconds: 1800, setbackSeconds: 300, triesAtMost: 6 } as const;
