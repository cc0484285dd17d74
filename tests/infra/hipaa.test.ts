import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { checkHipaa } from "../../infra/hipaa-check.ts";
import { HipaaFindingsUnanswered, hipaaDocument } from "../../infra/hipaa-document.ts";
import { HIPAA_FINDINGS } from "../../infra/hipaa-findings.ts";
import { parseStage, readStage } from "../../infra/stage.ts";

const ANSWER = { closing: "A second one.", monthlyUsd: 1.5, why: "One is enough." };

describe("docs/hipaa.md", () => {
  it("is what the command writes of the application as it is", async () => {
    const check = checkHipaa(readStage("demo"));

    expect(await readFile("docs/hipaa.md", "utf8")).toBe(hipaaDocument(check, HIPAA_FINDINGS));
  });

  it("says that it is no statement of compliance", async () => {
    const page = await readFile("docs/hipaa.md", "utf8");

    expect(page).toMatch(/technical list[\s\S]*no statement of compliance/);
  });

  it("gives a reason to each rule, in sentences that a table can hold", () => {
    for (const { closing, why, monthlyUsd } of Object.values(HIPAA_FINDINGS)) {
      expect(closing).toMatch(/^[A-Z`][^|\n]{20,}\.$/);
      expect(why).toMatch(
        /^(Stays open|Open by default|To do before protected health information is stored)[^|\n]{40,}\.$/,
      );
      expect(monthlyUsd).toBeGreaterThanOrEqual(0);
    }
  });
});

it("shows a rule with its places, what closes it, what that costs and why it is open", () => {
  const open = [{ rule: "TwoOfEach", places: ["Storage/Bucket", "Gradings/Table"] }];

  const page = hipaaDocument({ open, acknowledged: [] }, { TwoOfEach: ANSWER });

  expect(page).toContain(
    "\n| `TwoOfEach` | `Storage/Bucket`, `Gradings/Table` | A second one. | 1.50 | One is enough. |\n",
  );
});

it("shows what the code acknowledges, with the reason that stands there", () => {
  const { acknowledged } = checkHipaa(readStage("demo"));

  const page = hipaaDocument({ open: [], acknowledged }, {});

  expect(acknowledged.map(({ rule, place }) => [rule, place])).toEqual([
    ["SageMakerEndpointConfigurationKMSKeyConfigured", "Model/Config"],
    ["APIGWXrayEnabled", "Api/Gateway/DeploymentStage.demo"],
  ]);
  for (const { place, reason } of acknowledged) expect(page).toContain(`| \`${place}\` | ${reason} |\n`);
});

it.each([
  ["a finding without an entry", [{ rule: "TwoOfEach", places: ["A"] }], {}, /TwoOfEach is open and has no entry/],
  ["an entry without a finding", [], { TwoOfEach: ANSWER }, /TwoOfEach has an entry and is not open/],
])("refuses %s", (_what, open, answers, sentence) => {
  expect(() => hipaaDocument({ open, acknowledged: [] }, answers)).toThrow(HipaaFindingsUnanswered);
  expect(() => hipaaDocument({ open, acknowledged: [] }, answers)).toThrow(sentence);
});

it("finds our functions outside a network only where the stage has none", () => {
  const stage = { alarmEmail: "operations@example.org", monthlyBudgetUsd: 100, clinics: {}, privateNetwork: true };

  const { open } = checkHipaa(parseStage("test", stage, "the test's stage"));
  const outside = open.find(({ rule }) => rule === "LambdaInsideVPC")?.places ?? [];
  expect(outside.map((place) => place.split("/").slice(0, 2).join("/"))).toEqual(
    [1, 2, 3].map(() => "SmokeTest/Provider"),
  );
});
