/** What every benchmark is given. */
export interface BenchOptions {
  /** Ignored by git; archives and networks that take long to make stay here from run to run. */
  readonly folder: string;
  /** How often everything is measured; medians are reported. */
  readonly repeats: number;
  /** Tells a person what is going on. */
  readonly say: (sentence: string) => void;
}

/** One JSON line; ratios are called `ratio...`. */
export interface BenchLine {
  readonly name: string;
  readonly [figure: string]: unknown;
}

/** One benchmark: measures, compares, and asserts nothing. */
export type Bench = (options: BenchOptions) => Promise<BenchLine>;
