// Writes docs/hipaa.md: which rules of cdk-nag's HIPAA pack the demo stage does not follow, and what it would take.
import { writeFileSync } from "node:fs";
import { checkHipaa } from "./hipaa-check.ts";
import { HipaaFindingsUnanswered, hipaaDocument } from "./hipaa-document.ts";
import { HIPAA_FINDINGS } from "./hipaa-findings.ts";
import { readStage } from "./stage.ts";

const PAGE = "docs/hipaa.md";

/** 0 when the page was written, 1 when a finding has no entry or an entry no finding. */
process.exitCode = main();

function main(): number {
  try {
    const check = checkHipaa(readStage("demo"));
    writeFileSync(PAGE, hipaaDocument(check, HIPAA_FINDINGS));
    process.stderr.write(`${PAGE}: ${check.open.length} rules are open.\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof HipaaFindingsUnanswered)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}
