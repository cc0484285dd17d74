/** One instruction of a Dockerfile. */
export interface Instruction {
  /** Such as `COPY`. */
  readonly keyword: string;
  /** What follows, on one line. */
  readonly rest: string;
}

/** The stage of a Dockerfile that one FROM begins. */
export interface Stage {
  /** What it is built on: an image, or an earlier stage. */
  readonly base: string;
  /** Null for the one that becomes the image. */
  readonly name: string | null;
  readonly instructions: readonly Instruction[];
}

/** Reads the Dockerfiles that we write: no heredocs, no escapes but a line's end, no ARG before the first FROM. */
export function parseDockerfile(text: string): Stage[] {
  const lines = text
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("#"))
    .join("\n")
    .replaceAll(/\s*\\\n\s*/g, " ")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const stages: { base: string; name: string | null; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, keyword = "", rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (keyword === "") throw new Error(`no instruction: ${line}`);
    if (keyword === "FROM") {
      const [, base = "", name] = /^(\S+)(?:\s+AS\s+(\S+))?$/.exec(rest) ?? [];
      stages.push({ base, name: name ?? null, instructions: [] });
    } else {
      const stage = stages.at(-1);
      if (stage === undefined) throw new Error(`an instruction before the first FROM: ${line}`);
      stage.instructions.push({ keyword, rest });
    }
  }
  return stages;
}

/** What follows each of a stage's instructions of this keyword. */
export function all({ instructions }: Stage, keyword: string): string[] {
  return instructions.filter((instruction) => instruction.keyword === keyword).map(({ rest }) => rest);
}

/** The variables that a stage's image has. */
export function environmentOf(stage: Stage): Record<string, string> {
  const pairs = all(stage, "ENV").flatMap((rest) => rest.split(/\s+/));
  return Object.fromEntries(pairs.map((pair) => pair.split("=") as [string, string]));
}
