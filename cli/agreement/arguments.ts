import { resolve } from "node:path";
import { parseArgs } from "node:util";

/**
 * A flag's files run up to the next flag, as a shell writes out `Annotator_*.csv`; a flag may come again.
 *
 * @param argv what comes behind the command's name
 * @throws Error with a sentence on what is missing or too much
 */
export function readArguments(argv: readonly string[]): { annotations: string[]; predictions: string } {
  const { tokens } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    tokens: true,
    options: { annotations: { type: "string", multiple: true }, predictions: { type: "string", multiple: true } },
  });
  const files: Record<"annotations" | "predictions", string[]> = { annotations: [], predictions: [] };
  let flag: keyof typeof files | undefined;
  for (const token of tokens) {
    if (token.kind === "option") flag = token.name;
    if (token.kind === "option-terminator" || token.value === undefined) continue;
    if (flag === undefined) throw new Error(`${token.value} comes before a flag that says what it is.`);
    files[flag].push(token.value);
  }
  const [predictions, ...more] = files.predictions;
  if (files.annotations.length === 0) throw new Error("--annotations is missing.");
  if (predictions === undefined) throw new Error("--predictions is missing.");
  if (more.length > 0) throw new Error(`--predictions takes one file; ${more.join(", ")} is one too many.`);
  const paths = files.annotations.map((file) => resolve(file));
  const twice = files.annotations.find((_, i) => paths.indexOf(paths[i]!) < i);
  if (twice !== undefined) throw new Error(`${twice} is named twice; an annotator counts once.`);
  return { annotations: files.annotations, predictions };
}
