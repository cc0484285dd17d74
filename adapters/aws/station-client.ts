/**
 * How the clients of the stations call AWS: five tries with jitter, and none that waits for ever for an answer. A call that
 * fails all the same is thrown back at its queue as retryable.
 *
 * @param requestTimeoutMs how long one try may wait for its answer; the SDK then sends it again. Five of them are over well before
 *   the functions' own time is, so that a service that stalls fails its message and not the whole batch
 */
export function stationClient(requestTimeoutMs = 5_000) {
  return {
    retryMode: "standard",
    maxAttempts: 5,
    // A connection that dies silently would otherwise be waited for until the function is stopped.
    requestHandler: {
      connectionTimeout: Math.min(2_000, requestTimeoutMs),
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
    },
  } as const;
}
