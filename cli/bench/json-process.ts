import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/**
 * Runs a program whose standard output is one JSON line; its standard error is ours.
 *
 * @throws when it fails
 */
export async function jsonOf(program: string, words: readonly string[]): Promise<unknown> {
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
  const [output, [exitCode]] = await Promise.all([text(child.stdout), once(child, "close")]);
  if (exitCode !== 0) throw new Error(`${program} ${words.join(" ")} ended with ${exitCode}`);
  return JSON.parse(output);
}
