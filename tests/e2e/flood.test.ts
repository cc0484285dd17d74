import { execFile } from "node:child_process";
import { expect, it } from "vitest";
import { jsonLines } from "../builders/run-command.ts";

/** `npm run flood`, smaller; this seed has each kind of trouble among 150 events. */
function flood(): Promise<{ exitCode: unknown; stdout: string; stderr: string }> {
  const args = ["--expose-gc", "tests/load/flood.ts", "--events", "150", "--seed", "2"];
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}

it("ends every upload of a flood in one grade or one reason, whatever is doubled, lost, late, or no message at all", async () => {
  const { exitCode, stdout, stderr } = await flood();

  const lines = jsonLines(stdout) as { figure?: string; value?: number; claim?: string; holds?: boolean }[];
  const claims = lines.filter(({ claim }) => claim !== undefined);
  const figure = (name: string) => lines.find((line) => line.figure === name)?.value;
  expect({ failed: claims.filter(({ holds }) => !holds), exitCode }, stderr).toEqual({ failed: [], exitCode: 0 });
  expect(claims).toHaveLength(9);
  expect({ retried: figure("retried"), deadLetters: figure("deadLetters"), swept: figure("swept") }).toEqual({
    retried: expect.toSatisfy((count) => count > 0),
    deadLetters: 1,
    swept: expect.toSatisfy((count) => count > 0),
  });
});
