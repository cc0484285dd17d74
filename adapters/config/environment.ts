import { z } from "zod";

/** A variable of the environment has a value that we do not take; the message names it. */
class ConfigInvalid extends Error {
  override readonly name = "ConfigInvalid";
  readonly code = "CONFIG_INVALID";
  readonly retryable = false;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export const LogLevel = z.enum(LOG_LEVELS, `has to be one of ${LOG_LEVELS.join(", ")}`);

/** An empty variable counts as none, as `PORT= npm start` means it. @throws ConfigInvalid */
export function parseEnvironment<T>(schema: z.ZodType<T>, env: Environment): T {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path: [name], message }) => {
    return `${String(name)} ${message}, not ${JSON.stringify(given[String(name)])}`;
  });
  throw new ConfigInvalid(`The environment is not usable: ${faults.join("; ")}.`);
}
