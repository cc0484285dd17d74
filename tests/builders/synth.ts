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
  const stage = parseStage("test", { ...LEAST, ...given }, "the test's stage");
  const app = application({ outdir: folder, postCliContext: cdkContext(bundle) });
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

/** What `cdk` tells an application: the settings of `cdk.json`, that each resource says where it comes from, and what to bundle. */
export function cdkContext(bundle: boolean): Record<string, unknown> {
  const { context } = JSON.parse(readFileSync("cdk.json", "utf8")) as { context: Record<string, unknown> };
  return {
    ...context,
    "aws:cdk:enable-path-metadata": true,
    "aws:cdk:enable-asset-metadata": true,
    "aws:cdk:bundling-stacks": bundle ? ["**"] : [],
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

/** The environment with stand-ins for what only a deployment knows. */
export function deployedEnvironment({ environment }: SynthesisedFunction): Record<string, string> {
  const deployed = Object.entries(environment).map(([variable, value]) => {
    if (typeof value === "string") return [variable, value];
    if (JSON.stringify(value) === '{"Ref":"AWS::AccountId"}') return [variable, "123456789012"];
    return [variable, variable.endsWith("_URL") ? `https://sqs.example/${variable}` : "made-by-the-deployment"];
  });
  return Object.fromEntries(deployed);
}

export interface Resource {
  readonly id: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template's JSON, of which each test knows its part.
  readonly properties: any;
  readonly path: string;
  readonly dependsOn: readonly string[];
}

/** A template's resources of one type, whose construct path has `part` in it. */
export function resourcesOf(template: Template, type: string, part = ""): Resource[] {
  return Object.entries(template.findResources(type))
    .map(([id, { Properties = {}, Metadata = {}, DependsOn = [] }]) => ({
      id,
      properties: Properties,
      path: String(Metadata["aws:cdk:path"] ?? ""),
      dependsOn: DependsOn,
    }))
    .filter(({ path }) => path.includes(part));
}

/** The one resource that there has to be. @throws when there is another number of them */
export function resourceOf(template: Template, type: string, part = ""): Resource {
  const [found, ...others] = resourcesOf(template, type, part);
  if (found === undefined || others.length > 0) throw new Error(`There is not one ${type} of ${part}.`);
  return found;
}
