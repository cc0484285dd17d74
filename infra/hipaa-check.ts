import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Validations } from "aws-cdk-lib";
import { HIPAASecurityChecks } from "cdk-nag";
import type { IConstruct } from "constructs";
import { addStage, application } from "./application.ts";
import type { Stage } from "./stage.ts";

/** A rule that some resources do not follow. */
export interface OpenRule {
  /** Its name in cdk-nag, without the pack's. */
  readonly rule: string;
  /** Where the resources stand in the stack, as in `Storage/Bucket`. */
  readonly places: readonly string[];
}

/** A rule that a construct does not follow for a reason that stands beside it in the code. */
export interface AcknowledgedRule {
  readonly rule: string;
  readonly place: string;
  readonly reason: string;
}

export interface HipaaCheck {
  /** By name. */
  readonly open: readonly OpenRule[];
  readonly acknowledged: readonly AcknowledgedRule[];
}

const PACK = "HIPAA.Security-";

/** Synthesises a stage, without bundling its functions, and asks cdk-nag's HIPAA pack about it. */
export function checkHipaa(stage: Stage): HipaaCheck {
  const { context } = JSON.parse(readFileSync("cdk.json", "utf8")) as { context: Record<string, unknown> };
  const outdir = mkdtempSync(join(tmpdir(), "blastograde-hipaa-"));
  try {
    const app = application({ outdir, context: { ...context, "aws:cdk:bundling-stacks": [] } });
    const stack = addStage(app, stage);
    app.synth();
    // Not as a plugin of the synthesis, which would fail by it: this is a list of what is open.
    const { violations } = new HIPAASecurityChecks(app).validateScope(app);
    const placeOf = (path = "") => path.replace(`${stack.node.path}/`, "").replace(/\/Resource$/, "");
    const open = violations.map(({ ruleName, violatingResources }) => ({
      rule: ruleName.replace(PACK, ""),
      places: violatingResources.map(({ constructPath }) => placeOf(constructPath)),
    }));
    const acknowledged = stack.node
      .findAll()
      .flatMap((construct) =>
        acknowledgedIn(construct).map((one) => ({ ...one, place: placeOf(construct.node.path) })),
      );
    return { open: open.sort((one, other) => (one.rule < other.rule ? -1 : 1)), acknowledged };
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

function acknowledgedIn({ node }: IConstruct): { rule: string; reason: string }[] {
  return node.metadata
    .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
    .flatMap(({ data }) => Object.entries<string>(data))
    .flatMap(([id, reason]) => (id.includes(PACK) ? [{ rule: id.slice(id.indexOf(PACK) + PACK.length), reason }] : []));
}
