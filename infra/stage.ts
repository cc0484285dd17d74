import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { principalName } from "../core/contracts/iam-principal.ts";
import { ClinicId, SMOKE_CLINIC } from "../core/contracts/identifiers.ts";

const days = z.int().min(1).max(3650);
const origin = z.string().regex(/^https:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?$/, "has to be https://HOST, without a path");
const bundle = z
  .string()
  .regex(/^(?!\/)[A-Za-z0-9._/-]+$/, "has to be the path of a model bundle, from the repository's root")
  // Of "bundle/" and "bundle" the canned files have the same names.
  .transform((path) => path.replace(/(?<=.)\/+$/, ""));

/** Days that objects are kept, by the folder they lie in; a folder without a number keeps its objects. */
const RetentionDays = z
  .strictObject({
    uploads: days.default(30),
    /** As long as dead letters, which may be redriven to the end and need them. */
    "time-lapses": days.default(14),
    clips: days.default(14),
    previews: days.optional(),
    predictions: days.optional(),
    explanations: days.optional(),
    failures: days.default(30),
    /** Of what was overwritten or deleted, whichever folder it lay in. */
    noncurrentVersions: days.default(7),
    /** Of access logs and of the functions' logs; CloudWatch knows certain numbers only. */
    logs: z.literal([30, 60, 90, 180, 365, 731]).default(90),
  })
  .prefault({});

const Endpoint = z
  .strictObject({
    instanceType: z
      .string()
      .regex(/^ml\.(g4dn|g5|g6)\.[0-9]*xlarge$/, "has to be a g4dn, g5 or g6 instance")
      .default("ml.g4dn.xlarge"),
    /** Instances when there is a backlog; without one there are none. */
    maxInstances: z.int().min(1).max(100).default(4),
    /** Clips that one instance works on at once. */
    concurrentClips: z.int().min(1).max(16).default(2),
    /** An alarm says when an instance has run without a pause for this long. */
    alarmAfterHours: z.int().min(1).max(24).default(6),
  })
  .prefault({});

/** Executions at once of what a queue feeds; the rest waits in the queue. */
const Concurrency = z
  .strictObject({
    ingest: z.int().min(2).max(1000).default(5),
    crop: z.int().min(2).max(1000).default(10),
    finished: z.int().min(2).max(1000).default(5),
  })
  .prefault({});

/**
 * Executions set aside for a function, and its most: no less than its queue hands over at once, since each message that Lambda
 * refuses counts as tried. A new account has 10 in all, of which none can be set aside.
 */
const ReservedConcurrency = z
  .strictObject({
    ingest: z.int().min(1).optional(),
    crop: z.int().min(1).optional(),
    finished: z.int().min(1).optional(),
    api: z.int().min(1).optional(),
    sweep: z.int().min(1).optional(),
  })
  .prefault({});

const Api = z
  .strictObject({
    requestsPerSecond: z.int().min(1).default(50),
    burst: z.int().min(1).default(100),
    /** Of one address, in five minutes. */
    requestsPerAddress: z.int().min(10).max(20_000_000).default(2000),
  })
  .prefault({});

/** IAM roles and users by clinic, each for one clinic only: the API knows a caller by nothing else. */
const Clinics = z
  .record(
    ClinicId,
    z.strictObject({
      principals: z
        .array(
          z.string().regex(/^arn:aws:iam::[0-9]{12}:(role|user)\/[\w+=,.@/-]+$/, "has to be a role's or user's ARN"),
        )
        .min(1),
    }),
  )
  .superRefine((clinics, context) => {
    if (SMOKE_CLINIC in clinics) {
      const message = "is the clinic of each deployment's own grading; name yours otherwise";
      context.addIssue({ code: "custom", path: [SMOKE_CLINIC], message });
    }
    const clinicOf = new Map<string | null, string>();
    for (const [clinic, { principals }] of Object.entries(clinics)) {
      for (const [index, principal] of principals.entries()) {
        const name = principalName(principal);
        const other = clinicOf.get(name) ?? clinic;
        clinicOf.set(name, other);
        if (other === clinic) continue;
        context.addIssue({
          code: "custom",
          path: [clinic, "principals", index],
          message: `${principal} speaks for ${other} already, and may for one clinic only (paths do not tell roles apart)`,
        });
      }
    }
  });

/** `infra/stages/NAME.json`: what differs from one deployment to the next. Unknown names are refused. */
const StageFields = z.strictObject({
  /** Where to deploy. @default that of whoever deploys */
  account: z
    .string()
    .regex(/^[0-9]{12}$/, "has to be an account of 12 digits")
    .optional(),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-[0-9]$/, "has to be a region such as eu-central-1")
    .optional(),
  /** Who hears of alarms and of the budget. */
  alarmEmail: z.email("has to be an e-mail address"),
  /** Of the whole account: costs can be told apart by stage only after its tags were activated by hand. */
  monthlyBudgetUsd: z.number().positive(),
  /** IAM roles and users that speak for a clinic; nobody else may call the API. */
  clinics: Clinics,
  /** Pages of these origins may post uploads and call the API from a browser. */
  browserOrigins: z.array(origin).default([]),
  modelBundle: bundle.default("model-container/models/demo"),
  logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
  retentionDays: RetentionDays,
  endpoint: Endpoint,
  concurrency: Concurrency,
  reservedConcurrency: ReservedConcurrency,
  api: Api,
  /** An alarm says when a grading has waited for longer. */
  alarmAfterMinutesUnfinished: z.int().min(10).max(1440).default(90),
  /** Functions and endpoint in a network without a way out; see `private-network.ts` for its price. */
  privateNetwork: z.boolean().default(false),
});

const StageFile = StageFields.superRefine(({ concurrency, reservedConcurrency }, context) => {
  for (const station of ["ingest", "crop", "finished"] as const) {
    const reserved = reservedConcurrency[station];
    if (reserved === undefined || reserved >= concurrency[station]) continue;
    context.addIssue({
      code: "custom",
      path: ["reservedConcurrency", station],
      message: `has to be concurrency.${station}, ${concurrency[station]}, or more`,
    });
  }
});

export type Stage = z.infer<typeof StageFile> & { readonly name: string };

/** A stage's name or file is not usable; the message names each field. */
export class StageInvalid extends Error {
  override readonly name = "StageInvalid";
  readonly code = "STAGE_INVALID";
  readonly retryable = false;
}

/** The stage of this name. @throws StageInvalid */
export function readStage(name: string, folder = "infra/stages"): Stage {
  // Part of the endpoint's name, which may have 63 characters.
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name)) {
    throw new StageInvalid(`The stage ${JSON.stringify(name)} is no name: 1 to 31 of a-z, 0-9 and -, a letter first.`);
  }
  const file = `${folder}/${name}.json`;
  if (!existsSync(file)) {
    throw new StageInvalid(`There is no stage ${name}: copy infra/stages/demo.json to ${file} and edit it.`);
  }
  return parseStage(name, readJson(file), file);
}

/** @throws StageInvalid */
export function parseStage(name: string, given: unknown, source: string): Stage {
  const result = StageFile.safeParse(given);
  if (result.success) return { ...result.data, name };
  const faults = result.error.issues.flatMap((issue) => {
    if (issue.code !== "unrecognized_keys") return [`${issue.path.join(".") || "it"}: ${issue.message}`];
    return issue.keys.map((key) => `${[...issue.path, key].join(".")}: there is no such field`);
  });
  throw new StageInvalid(`${source} is not usable: ${faults.join("; ")}.`);
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new StageInvalid(`${file} cannot be read: ${cause instanceof Error ? cause.message : cause}.`, { cause });
  }
}
