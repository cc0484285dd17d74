import { describe, expect, it } from "vitest";
import { reportPage } from "../../cli/pregnancy/page/report-page.ts";
import { scoresCsv } from "../../cli/pregnancy/scores-file.ts";
import type { SegmentedEmbryo } from "../../cli/pregnancy/scoring.ts";
import type { Transfer } from "../../cli/pregnancy/transfers.ts";
import { tagsLeftOpen } from "../builders/pages.ts";
import { pregnancyReportOn, scoredBy, transfer } from "../builders/pregnancy-report.ts";

/** Twelve held-out embryos of six cycles and twelve of each fold, a third positive. */
const ALL = [null, 0, 1, 2].flatMap((fold) =>
  Array.from({ length: 12 }, (_, n) =>
    transfer(`f${fold}e${n}`, {
      fold,
      cycleId: `f${fold}c${n % 6}`,
      clinic: n % 2 === 0 ? "north & east" : "south",
      ageYears: 30 + n,
      positive: n % 3 === 0,
    }),
  ),
);
const SEGMENTED = ALL.map(
  ({ cycleId }, n): SegmentedEmbryo => ({
    cycleId,
    grade: { icm: "A", te: n % 2 === 0 ? "B" : "C" },
    overlap: { icm: { dice: 0.9, found: true }, te: { dice: n % 5 === 0 ? null : 0.8, found: true } },
  }),
);

/** Every network of Table 2; each looks at the ICM with enhanced images and elsewhere with plain ones. */
const NETWORKS = ["resnet50", "vgg16", "densenet121"].flatMap((network) =>
  (["plain", "enhanced"] as const).flatMap((input) =>
    [0, 1, 2].map((fold) =>
      scoredBy(
        ALL.filter((one) => one.fold === null || one.fold === fold),
        ({ positive }, n) => {
          const noise = ((n * 7 + fold * 3) % 10) / 10;
          const clear = input === "enhanced" ? 0.5 : 0.2;
          return {
            rawScore: clear * (positive ? 0.9 : 0.2) + (1 - clear) * noise,
            focus: input === "enhanced" ? "icm" : n % 2 === 0 ? "other" : "none",
          };
        },
        { name: network, network, input, fold },
      ),
    ),
  ),
);

const figuresOf = (page: string) => page.replace(/<style>[^<]*<\/style>/, "");

describe("a pregnancy report", () => {
  it("is one well-formed page with every table and the notice, and no script", async () => {
    const page = reportPage(await pregnancyReportOn(ALL, NETWORKS, { segmented: SEGMENTED }));

    expect(tagsLeftOpen(page)).toEqual([]);
    for (const title of ["Table 1", "Table 2", "Table 3", "Figure 4", "Hosmer-Lemeshow", "Dice"])
      expect(page).toContain(title);
    expect(page).toContain("not for clinical use");
    expect(page).toContain("north &amp; east");
    expect(figuresOf(page)).not.toMatch(/NaN|undefined|Infinity|<script/);
  });

  it("says of each claim whether it holds", async () => {
    const { claims } = await pregnancyReportOn(ALL, NETWORKS);

    const verdicts = new Map(claims.map(({ claim, verdict }) => [claim, verdict]));
    expect(verdicts.get("Enhanced images give resnet50 a higher AUROC than plain ones.")).toBe("holds");
    expect(verdicts.get("With enhanced images vgg16 looks at ICM or TE more often.")).toBe("holds");
    // All three networks say the same.
    expect(verdicts.get("resnet50 is the best network on enhanced images.")).toBe("not decided");
    expect([...verdicts.keys()].filter((claim) => claim.startsWith("Calibration by isotonic"))).toHaveLength(2);
    expect([...verdicts.keys()].filter((claim) => claim.startsWith("After Platt scaling"))).toHaveLength(1);
  });

  it("shows what cannot be measured as that, and never as a number", async () => {
    // One network, one positive among the held-out embryos, none in its fold, equal scores.
    const few: Transfer[] = [0, 1, 2].map((n) => transfer(`e${n}`, { positive: n === 0 }));
    const own = transfer("own", { fold: 0, positive: false });
    const network = scoredBy([...few, own], () => ({ rawScore: 0.5, focus: "none" }), { name: "Own", network: "own" });

    const report = await pregnancyReportOn([...few, own], [network]);
    const page = reportPage(report);

    expect(tagsLeftOpen(page)).toEqual([]);
    expect(figuresOf(page)).not.toMatch(/NaN|undefined|Infinity/);
    expect(JSON.stringify(report)).not.toContain("null,null,null");
    expect(report.calibration).toMatchObject({
      notMeasurable: expect.stringContaining("of 1 embryos of fold 0 0 came"),
    });
    expect(page.match(/not measurable/g)!.length).toBeGreaterThan(3);
    expect(page).toContain("these intervals are too narrow to lean on");
  });

  it("has a row of scores for each network and embryo that it never saw", () => {
    const csv = scoresCsv(ALL, NETWORKS.slice(0, 1));

    const [header, first, ...others] = csv.trimEnd().split("\n");
    expect(header).toBe(
      "embryo_id,cycle_id,split,fold,age_years,outcome,network,input,raw_score,focus,focus_distance_px",
    );
    expect(first).toMatch(/^fnulle0,fnullc0,test,0,30,1,resnet50,plain,0\.\d+,other,0.0$/);
    expect(others).toHaveLength(23);
    expect(others.filter((row) => row.includes(",validation,0,"))).toHaveLength(12);
  });
});
