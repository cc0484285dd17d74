import { PAPER_PERFORMANCE } from "../kim-2024.ts";
import type { NetworkInput } from "../networks.ts";
import type { ScoredNetwork } from "../scoring.ts";

/** The networks that differ in nothing but the fold that they never saw. */
export interface NetworkKind {
  readonly name: string;
  readonly network: string;
  readonly input: NetworkInput;
  /** By ascending fold, at least one. */
  readonly folds: readonly ScoredNetwork[];
}

/** A network with both inputs, of the same folds. */
export interface InputPair {
  readonly name: string;
  readonly network: string;
  readonly enhanced: NetworkKind;
  readonly plain: NetworkKind;
}

const PAPER_ORDER = PAPER_PERFORMANCE.map(({ network }): string => network);

/** As the paper has them, plain before enhanced; then the others in the order of the networks. */
export function networkKinds(networks: readonly ScoredNetwork[]): NetworkKind[] {
  const kinds = [...Map.groupBy(networks, ({ model }) => `${model.name}\n${model.input}`).values()].map((own) => {
    const { name, network, input } = own[0]!.model;
    return { name, network, input, folds: own.toSorted((a, b) => a.model.fold - b.model.fold) };
  });
  const names = [...new Set(kinds.map(({ name }) => name))];
  const place = ({ name, network, input }: NetworkKind) => {
    const inPaper = PAPER_ORDER.indexOf(network);
    return [inPaper < 0 ? PAPER_ORDER.length : inPaper, names.indexOf(name), input === "plain" ? 0 : 1] as const;
  };
  return kinds.toSorted((a, b) => {
    const [ours, theirs] = [place(a), place(b)];
    return ours[0] - theirs[0] || ours[1] - theirs[1] || ours[2] - theirs[2];
  });
}

/** Those of which there is an enhanced and a plain one to compare. */
export function inputPairs(kinds: readonly NetworkKind[]): InputPair[] {
  return [...new Set(kinds.map(({ name }) => name))].flatMap((name) => {
    const of = (input: NetworkInput) => kinds.find((kind) => kind.name === name && kind.input === input);
    const [enhanced, plain] = [of("enhanced"), of("plain")];
    if (enhanced === undefined || plain === undefined) return [];
    return [{ name, network: enhanced.network, enhanced, plain }];
  });
}
