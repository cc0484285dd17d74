import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HIPAASecurityChecks } from "cdk-nag";
import { addStage, application } from "./application.ts";
import type { Stage } from "./stage.ts";

/** A rule that some resources do not follow. */
export interface OpenRule {
  /** Its name in cdk-nag, without the pack's. */
  readonly rule: string;
  /** Where the resources stand in the stack, as in `Storage/Bucket`. */
  readonly places: readonly string[];
}

const PACK = "HIPAA.Security-";

/** Synthesises a stage, without bundling its functions, and asks cdk-nag's HIPAA pack about it: by name of the rule. */
export function openRules(stage: Stage): OpenRule[] {
  const { context } = JSON.parse(readFileSync("cdk.json", "utf8")) as { context: Record<string, unknown> };
  const outdir = mkdtempSync(join(tmpdir(), "blastograde-hipaa-"));
  try {
    const app = application({ outdir, context: { ...context, "aws:cdk:bundling-stacks": [] } });
    const { node } = addStage(app, stage);
    app.synth();
    // Not as a plugin of the synthesis, which would fail by it: this is a list of what is open.
    const { violations } = new HIPAASecurityChecks(app).validateScope(app);
    return violations
      .map(({ ruleName, violatingResources }) => ({
        rule: ruleName.replace(PACK, ""),
        places: violatingResources.map(({ constructPath = "" }) =>
          constructPath.replace(`${node.path}/`, "").replace(/\/Resource$/, ""),
        ),
      }))
      .sort((one, other) => (one.rule < other.rule ? -1 : 1));
  } finally {
    rmSync(outdir, { recursive: true });
  }
}
