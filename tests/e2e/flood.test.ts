import { execFile } from "node:child_process";
import { expect, it } from "vitest";
import { jsonLines } from "../builders/run-command.ts";

/** `npm run flood`, smaller. */
function flood(events: number): Promise<{ exitCode: unknown; stdout: string; stderr: string }> {
  const args = ["--expose-gc", "tests/load/flood.ts", "--events", `${events}`];
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}

it("ends every upload of a flood in one grade or one reason, whatever is doubled, lost, late, or no message at all", async () => {
  const { exitCode, stdout, stderr } = await flood(150);

  const lines = jsonLines(stdout) as { claim?: string; holds?: boolean }[];
  const claims = lines.filter(({ claim }) => claim !== undefined);
  expect({ failed: claims.filter(({ holds }) => !holds), exitCode }, stderr).toEqual({ failed: [], exitCode: 0 });
  expect(claims).toHaveLength(8);
});
