import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/**
 * Runs a program to its end; its standard error is ours.
 *
 * @returns its standard output
 * @throws when it fails
 */
export async function outputOf(program: string, words: readonly string[]): Promise<string> {
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
  const [output, [exitCode]] = await Promise.all([text(child.stdout), once(child, "close")]);
  if (exitCode !== 0) throw new Error(`${program} ${words.join(" ")} ended with ${exitCode}`);
  return output;
}
