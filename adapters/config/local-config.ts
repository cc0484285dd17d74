import { z } from "zod";
import { wholeNumber } from "../../core/contracts/whole-number.ts";
import { type Environment, LogLevel, parseEnvironment } from "./environment.ts";

const path = z.string().regex(/^[^\0]+$/, "has to be a path");

const Port = wholeNumber(0, 65_535);
const ModelThreads = wholeNumber(1, 256);
// An origin and no more: pages and forms name their paths from the root.
const PublicUrl = z
  .string()
  .regex(
    /^https?:\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?\/?$/,
    "has to be http(s)://HOST or http(s)://HOST:PORT",
  )
  .transform((url) => url.replace(/\/$/, ""));
const ClinicName = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, "has to be 1 to 64 of A-Z, a-z, 0-9 and -");

/** Two: what the bench was measured with, and what the smallest machine has. */
const MODEL_THREADS = "2";

const LocalEnvironment = z.object({
  PORT: Port.prefault("8787"),
  HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:-]+$/, "has to be a host name or an address")
    .prefault("127.0.0.1"),
  PUBLIC_URL: PublicUrl.optional(),
  DATA_DIR: path.prefault(".data"),
  CLINIC_ID: ClinicName.prefault("local"),
  MODEL_BUNDLE: path.prefault("model-container/models/demo"),
  PREGNANCY_CALIBRATOR: path.optional(),
  MODEL_THREADS: ModelThreads.prefault(MODEL_THREADS),
  LOG_LEVEL: LogLevel.prefault("info"),
});

export interface LocalConfig {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host: string;
  /** Where clients reach the service, without a slash at the end; null where that is the address it listens at. */
  readonly publicUrl: string | null;
  readonly dataDir: string;
  readonly clinicId: string;
  readonly modelBundle: string;
  /** Null for the file beside the bundle, if there is one. */
  readonly pregnancyCalibrator: string | null;
  readonly modelThreads: number;
  readonly logLevel: z.infer<typeof LogLevel>;
}

/** Configuration of the service on one machine: `npm start` and the commands. @throws ConfigInvalid */
export function readLocalConfig(env: Environment = process.env): LocalConfig {
  const read = parseEnvironment(LocalEnvironment, env);
  return {
    port: read.PORT,
    host: read.HOST,
    publicUrl: read.PUBLIC_URL ?? null,
    dataDir: read.DATA_DIR,
    clinicId: read.CLINIC_ID,
    modelBundle: read.MODEL_BUNDLE,
    pregnancyCalibrator: read.PREGNANCY_CALIBRATOR ?? null,
    modelThreads: read.MODEL_THREADS,
    logLevel: read.LOG_LEVEL,
  };
}

const ModelServerEnvironment = z.object({
  SAGEMAKER_BIND_TO_PORT: Port.prefault("8080"),
  MODEL_BUNDLE: path.prefault("/opt/ml/model"),
  DEVICE: z.enum(["cpu", "cuda"], "has to be cpu or cuda").prefault("cpu"),
  MODEL_THREADS: ModelThreads.prefault(MODEL_THREADS),
  LOG_LEVEL: LogLevel.prefault("info"),
});

export interface ModelServerConfig {
  readonly port: number;
  readonly modelBundle: string;
  /** A promise: with `cuda` and no GPU the server does not start. */
  readonly device: "cpu" | "cuda";
  readonly modelThreads: number;
  readonly logLevel: z.infer<typeof LogLevel>;
}

/** Configuration of the model server in its container. @throws ConfigInvalid */
export function readModelServerConfig(env: Environment = process.env): ModelServerConfig {
  const read = parseEnvironment(ModelServerEnvironment, env);
  return {
    port: read.SAGEMAKER_BIND_TO_PORT,
    modelBundle: read.MODEL_BUNDLE,
    device: read.DEVICE,
    modelThreads: read.MODEL_THREADS,
    logLevel: read.LOG_LEVEL,
  };
}

const ToolsEnvironment = z.object({ PYTHON: path.optional() });

export interface ToolsConfig {
  /** The Python to try before those on the PATH. */
  readonly python: string | null;
}

/** Where this machine's owner says the tools of training and tests are. @throws ConfigInvalid */
export function readToolsConfig(env: Environment = process.env): ToolsConfig {
  return { python: parseEnvironment(ToolsEnvironment, env).PYTHON ?? null };
}

/** This process's environment with `variables` laid over it, for a command that it starts. */
export function environmentWith(variables: Readonly<Record<string, string>>): Environment {
  return { ...process.env, ...variables };
}
