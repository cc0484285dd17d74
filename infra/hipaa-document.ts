import type { HipaaCheck } from "./hipaa-check.ts";
import type { FindingAnswer } from "./hipaa-findings.ts";

/** A rule is open and nothing is said of it, or something is said of a rule that is not open. */
export class HipaaFindingsUnanswered extends Error {
  override readonly name = "HipaaFindingsUnanswered";
  readonly code = "HIPAA_FINDINGS_UNANSWERED";
  readonly retryable = false;
}

const INTRODUCTION = [
  "# The HIPAA pack of cdk-nag",
  "",
  "    npm run hipaa-report",
  "",
  'writes this page from the demo stage as it is synthesised. It lists every rule of cdk-nag\'s pack "HIPAA Security" that the deployment',
  "does not follow, what it would take to follow it, and why it does not. A test holds the page to the application.",
  "",
  "The pack is a technical list: it looks at settings of resources. That it finds nothing, or little, is no statement of compliance with",
  "HIPAA or any other law. Those also ask for agreements (with AWS, for one), a risk analysis, people, training and procedures, of which",
  "no template knows anything. Somebody who answers for a clinic's data has to decide.",
  "",
  "Costs are a month's at 1,000 embryos, in us-east-1, with the prices of [cost](cost.md), where it has them. Nothing was ever billed.",
  "",
];

/**
 * The page: a table of the open rules, and one of those that the code acknowledges.
 *
 * @throws HipaaFindingsUnanswered when the open rules and the answers are not the same
 */
export function hipaaDocument(
  { open, acknowledged }: HipaaCheck,
  answers: Readonly<Record<string, FindingAnswer>>,
): string {
  const rules = open.map(({ rule }) => rule);
  const faults = [
    ...rules.filter((rule) => !(rule in answers)).map((rule) => `${rule} is open and has no entry`),
    ...Object.keys(answers).flatMap((rule) => (rules.includes(rule) ? [] : [`${rule} has an entry and is not open`])),
  ];
  if (faults.length > 0) throw new HipaaFindingsUnanswered(`Mend infra/hipaa-findings.ts: ${faults.join("; ")}.`);
  const openRows = open.map(({ rule, places }) => {
    const { closing, monthlyUsd, why } = answers[rule]!;
    return row(code(rule), places.map(code).join(", "), closing, monthlyUsd.toFixed(2), why);
  });
  const page = [
    ...[...INTRODUCTION, "## Open", ""],
    ...[row("Rule", "Where", "To close it", "USD a month", "Why it is open"), row("---", "---", "---", "--:", "---")],
    ...[
      ...openRows,
      "",
      "## Acknowledged",
      "",
      "These nothing can close, or closing them would do harm; the code says why.",
      "",
    ],
    ...[row("Rule", "Where", "Reason"), row("---", "---", "---")],
    ...acknowledged.map(({ rule, place, reason }) => row(code(rule), code(place), reason)),
  ];
  return `${page.join("\n")}\n`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
