/** One embryo's raw score and whether it came to a pregnancy. */
export interface ScoredOutcome {
  /** Any finite number; a higher one speaks for the pregnancy. */
  readonly score: number;
  readonly positive: boolean;
}

/** A never falling map from scores to probabilities: straight between its knots, level beyond them. */
export interface IsotonicCalibrator {
  /** By ascending score, no score twice, at least one. Probabilities never fall. */
  readonly knots: readonly { readonly score: number; readonly probability: number }[];
}

interface Block {
  readonly first: number;
  readonly last: number;
  readonly cases: number;
  readonly positives: number;
}

/**
 * Isotonic regression by pooling adjacent violators: of all maps that never fall, the one with the least squared error on
 * these cases. Clipped to [1 / (n + 2), 1 - 1 / (n + 2)]: no number of cases rules a pregnancy out.
 *
 * @param cases at least one; cases of equal score are pooled first
 * @throws RangeError without cases or for a score that is no finite number
 * @see Kim et al. 2024, section 2.6; Barlow et al. 1972, Statistical Inference under Order Restrictions
 */
export function fitIsotonic(cases: readonly ScoredOutcome[]): IsotonicCalibrator {
  if (cases.length === 0) throw new RangeError("there are no cases to fit to");
  const wrong = cases.find(({ score }) => !Number.isFinite(score));
  if (wrong !== undefined) throw new RangeError(`score ${wrong.score}: wanted a finite number`);
  const blocks: Block[] = [];
  for (const tied of tiedByScore(cases)) {
    let block = tied;
    for (let before = blocks.at(-1); before !== undefined && !(share(before) < share(block)); before = blocks.at(-1)) {
      blocks.pop();
      block = pooled(before, block);
    }
    blocks.push(block);
  }
  const edge = 1 / (cases.length + 2);
  const knots = blocks.flatMap((block) => {
    const probability = Math.min(1 - edge, Math.max(edge, share(block)));
    const { first, last } = block;
    return first === last ? [{ score: first, probability }] : [first, last].map((score) => ({ score, probability }));
  });
  return { knots };
}

/**
 * The calibrated probability of a raw score.
 *
 * @param score a finite number
 */
export function isotonicProbability({ knots }: IsotonicCalibrator, score: number): number {
  const above = knots.findIndex((knot) => knot.score >= score);
  if (above <= 0) return knots[above === 0 ? 0 : knots.length - 1]!.probability;
  const [low, high] = [knots[above - 1]!, knots[above]!];
  const way = (score - low.score) / (high.score - low.score);
  // The sum may round to more than the knot has, from where the map would fall.
  return Math.min(high.probability, low.probability + way * (high.probability - low.probability));
}

function tiedByScore(cases: readonly ScoredOutcome[]): Block[] {
  const sorted = [...cases].sort((a, b) => a.score - b.score);
  return [...Map.groupBy(sorted, ({ score }) => score)].map(([score, tied]) => ({
    first: score,
    last: score,
    cases: tied.length,
    positives: tied.filter(({ positive }) => positive).length,
  }));
}

const share = ({ cases, positives }: Block): number => positives / cases;

function pooled(before: Block, after: Block): Block {
  return {
    first: before.first,
    last: after.last,
    cases: before.cases + after.cases,
    positives: before.positives + after.positives,
  };
}
