import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Template } from "aws-cdk-lib/assertions";
import { addStage, application } from "../../infra/application.ts";
import { parseStage, type Stage } from "../../infra/stage.ts";

/** A deployed function, as the template has it. */
export interface SynthesisedFunction {
  /** The name it has in the plan: ingest, crop, finished, api, sweep, smoke-start, smoke-check. */
  readonly name: string;
  /** The template's name of it. */
  readonly logicalId: string;
  /** The folder that is deployed; null where nothing was bundled. */
  readonly assetFolder: string | null;
  readonly handler: string;
  /** Values that only a deployment knows are objects such as `{ Ref: ... }`. */
  readonly environment: Readonly<Record<string, unknown>>;
  readonly memoryMebibytes: number;
  readonly timeoutSeconds: number;
}

export interface Synthesised {
  /** The cloud assembly. */
  readonly folder: string;
  readonly stage: Stage;
  readonly template: Template;
  readonly functions: readonly SynthesisedFunction[];
  close(): Promise<void>;
}

export interface SynthOptions {
  /** What the stage says beside the least it has to. @default nothing */
  readonly stage?: Readonly<Record<string, unknown>>;
  /** Whether the functions' code is bundled, which takes a while. @default false */
  readonly bundle?: boolean;
}

const LEAST = { alarmEmail: "operations@example.org", monthlyBudgetUsd: 100, clinics: {} };

const ENTRIES: readonly (readonly [name: string, path: RegExp])[] = [
  ["ingest", /\/Ingest\/Function\//],
  ["crop", /\/Crop\/Function\//],
  ["finished", /\/Finished\/Function\//],
  ["api", /\/Http\/Function\//],
  ["sweep", /\/Sweep\/Function\//],
  ["smoke-start", /\/Start\/Function\//],
  ["smoke-check", /\/Check\/Function\//],
];

/**
 * Synthesises a stage into a temporary folder, as `cdk synth` does: with the settings of `cdk.json` and with every check.
 *
 * @throws when AwsSolutions finds something that is not acknowledged
 */
export async function synthesise({ stage: given = {}, bundle = false }: SynthOptions = {}): Promise<Synthesised> {
  const folder = await mkdtemp(join(tmpdir(), "blastograde-synth-"));
  const { context } = JSON.parse(readFileSync("cdk.json", "utf8")) as { context: Record<string, unknown> };
  const stage = parseStage("test", { ...LEAST, ...given }, "the test's stage");
  const stacks = bundle ? ["**"] : [];
  const app = application({
    outdir: folder,
    // What `cdk` adds of itself: each resource says where it comes from.
    postCliContext: {
      ...context,
      "aws:cdk:enable-path-metadata": true,
      "aws:cdk:enable-asset-metadata": true,
      "aws:cdk:bundling-stacks": stacks,
    },
  });
  const { stackName } = addStage(app, stage);
  const assembly = app.synth();
  const { template } = assembly.getStackByName(stackName);
  const close = () => rm(folder, { recursive: true, force: true });
  return {
    folder,
    stage,
    template: Template.fromJSON(template),
    functions: functionsOf(template, folder, bundle),
    close,
  };
}

interface FunctionResource {
  readonly Type: string;
  readonly Properties: {
    readonly Handler: string;
    readonly Timeout: number;
    readonly MemorySize: number;
    readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> };
  };
  readonly Metadata?: Readonly<Record<string, string>>;
}

function functionsOf(
  { Resources }: { readonly Resources: Readonly<Record<string, FunctionResource>> },
  folder: string,
  isBundled: boolean,
): SynthesisedFunction[] {
  return Object.entries(Resources).flatMap(([logicalId, { Type, Properties, Metadata }]) => {
    if (Type !== "AWS::Lambda::Function") return [];
    const path = Metadata?.["aws:cdk:path"] ?? "";
    const name = ENTRIES.find(([, pattern]) => pattern.test(path))?.[0];
    if (name === undefined) return [];
    return [
      {
        name,
        logicalId,
        assetFolder: isBundled ? join(folder, Metadata?.["aws:asset:path"] ?? "") : null,
        handler: Properties.Handler,
        environment: Properties.Environment.Variables,
        memoryMebibytes: Properties.MemorySize,
        timeoutSeconds: Properties.Timeout,
      },
    ];
  });
}
