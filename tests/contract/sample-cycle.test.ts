import { expect, it, vi } from "vitest";
import type { Send } from "../../cli/client.ts";
import { gradeSampleCycle, sampleCycle } from "../../cli/sample-cycle.ts";
import { openApi, rejection } from "../builders/api.ts";
import { aGrading } from "./builders.ts";

it("waits for the embryos that a start before left in work", async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  const { app, ports } = await openApi();
  for (const { embryoId, cycleId } of sampleCycle()) {
    await ports.gradings.create(aGrading({ gradingId: `of-${embryoId}`, status: "cropping", embryoId, cycleId }));
  }
  // Each ends after it has been asked for twice.
  const asked = new Set<string>();
  const send: Send = async (path, init) => {
    const gradingId = path.split("/v1/uploads/")[1];
    if (gradingId && asked.has(gradingId)) {
      await ports.gradings.change(gradingId, ["cropping"], { status: "rejected", rejection });
    }
    if (gradingId) asked.add(gradingId);
    return app.request(path, init);
  };

  const table = await gradeSampleCycle(send);

  expect(asked.size).toBe(sampleCycle().length);
  expect(table.match(/EMPTY_WELL/g)).toHaveLength(sampleCycle().length);
  expect(table).not.toContain("cropping");
});
