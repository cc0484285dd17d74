/**
 * Keeps ONNX Runtime from sending telemetry to its maker and from keeping a device id and a log on this machine, which it
 * does from release 1.30 on unless told otherwise. To be called in the main thread before the first network is opened: a
 * worker has a copy of the environment that the library does not see, and the choice is made once a process.
 *
 * @see https://github.com/microsoft/onnxruntime/pull/27379
 */
export function forbidTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY = "1";
}
