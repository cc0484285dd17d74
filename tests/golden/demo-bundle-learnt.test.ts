import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBundle } from "../../model-container/bundle/load-bundle.ts";
import { DEMO_BUNDLE } from "../contract/model-server.builders.ts";

const STRUCTURES = ["icm", "te"] as const;

interface Share {
  readonly value: number;
}
interface Figures {
  readonly agreement: Record<"icm" | "te", { readonly human: Share; readonly network: Share }>;
  readonly annotator: Record<"icm" | "te", { readonly embryos: number; readonly acDisagreement: Share }>;
}
interface Metrics {
  readonly modelSha256: string;
  readonly byServedGrade: Figures;
  readonly models: readonly { readonly accuracy: Record<"icm" | "te", Share> }[];
  readonly constantAnswer: { readonly accuracy: Record<"icm" | "te", Share> };
  readonly outlines: { readonly embryos: number; readonly dice: Share };
}

/** What the demo weights were measured to be when they were sealed: weights that learnt less must not take their place. */
describe("the demo bundle's figures", () => {
  let metrics: Metrics;
  beforeAll(async () => {
    metrics = JSON.parse(await readFile(join(DEMO_BUNDLE, "metrics.json"), "utf8"));
  });

  it("are of its own weights", async () => {
    const { manifest } = await loadBundle(DEMO_BUNDLE);

    expect(metrics.modelSha256).toBe(manifest.modelSha256);
  });

  it.each(STRUCTURES)("agree with the majority on %s at least as often as the annotators do", (structure) => {
    const { human, network } = metrics.byServedGrade.agreement[structure];

    expect(network.value).toBeGreaterThanOrEqual(human.value);
  });

  it.each(STRUCTURES)("confuse A and C of %s in at most 3 % of at least 300 embryos", (structure) => {
    const { embryos, acDisagreement } = metrics.byServedGrade.annotator[structure];

    expect(embryos).toBeGreaterThanOrEqual(300);
    expect(acDisagreement.value).toBeLessThanOrEqual(0.03);
  });

  it.each(STRUCTURES)("beat the best constant answer on %s", (structure) => {
    const constant = metrics.constantAnswer.accuracy[structure].value;

    expect(metrics.models[0]!.accuracy[structure].value).toBeGreaterThan(constant);
  });

  it("have outlines with a Dice of at least 0.95 on at least 300 embryos", () => {
    const { embryos, dice } = metrics.outlines;

    expect(embryos).toBeGreaterThanOrEqual(300);
    expect(dice.value).toBeGreaterThanOrEqual(0.95);
  });
});
