import { describe, expect, it } from "vitest";
import { openFunctionLog } from "../../adapters/log/function-log.ts";
import { ImageUnreadable, StorageUnavailable, UploadExpired } from "../../core/errors.ts";

function logOfIngest() {
  const lines: string[] = [];
  const log = openFunctionLog({ name: "ingest", stage: "test", level: "info", write: (line) => lines.push(line) });
  return { log, lines, parsed: () => lines.map((line) => JSON.parse(line)) };
}

const moved = { gradingId: "grading-1", clinicId: "north", code: null, ageSeconds: 90 };

describe("a function's log", () => {
  it("says which function of which stage wrote a line", () => {
    const { log, parsed } = logOfIngest();

    log.logger.warn({ gradingId: "grading-1" }, "tried again");

    const line = { level: "warn", function: "ingest", stage: "test", gradingId: "grading-1", msg: "tried again" };
    expect(parsed()).toEqual([{ ...line, time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) }]);
  });

  it("keeps what an error about an upload says out of its lines, also where it is a cause", () => {
    const { log, lines, parsed } = logOfIngest();
    const name = "Smith, Jane 12-03.jpg";
    const cause = new SyntaxError(`Unexpected token in ${name}`);

    log.logger.error({ err: new ImageUnreadable(`${name} cannot be read.`, { cause }) }, "failed");
    log.logger.error({ err: name }, "failed");

    expect(lines.join()).not.toContain("Smith");
    expect(parsed()[0].err).toMatchObject({
      name: "ImageUnreadable",
      code: "IMAGE_UNREADABLE",
      cause: { name: "SyntaxError" },
    });
    expect(parsed()[0].err.frames[0]).toMatch(/^at .*function-log\.test\.ts/);
  });

  it("keeps the sentence of a service that failed", () => {
    const { log, parsed } = logOfIngest();

    log.logger.error({ err: new StorageUnavailable("S3 answered 503.") }, "failed");

    expect(parsed()[0].err).toMatchObject({ code: "STORAGE_UNAVAILABLE", message: "S3 answered 503." });
  });

  it("logs each move with its code, and counts those that end", () => {
    const { log, parsed } = logOfIngest();

    log.moved({ ...moved, status: "cropping" });
    log.moved({ ...moved, status: "graded" });
    log.moved({ ...moved, status: "rejected", code: "NOT_A_ZIP" });

    expect(parsed().filter(({ msg }) => msg === "a grading moved")).toMatchObject([
      { status: "cropping" },
      { status: "graded" },
      { status: "rejected", code: "NOT_A_ZIP", clinicId: "north" },
    ]);
    const metrics = parsed().filter((line) => "_aws" in line);
    expect(metrics.map(({ _aws, ...members }) => members)).toEqual([
      { Stage: "test", Gradings: 1 },
      { Stage: "test", Rejections: 1 },
    ]);
    expect(metrics[1]._aws.CloudWatchMetrics[0]).toMatchObject({
      Namespace: "Blastograde",
      Dimensions: [["Stage"]],
      Metrics: [{ Name: "Rejections", Unit: "Count" }],
    });
  });

  it("logs a form that nobody used, and does not count it among the rejections", () => {
    const { log, parsed } = logOfIngest();

    log.moved({ ...moved, status: "rejected", code: new UploadExpired("").code });

    expect(parsed()).toMatchObject([{ msg: "a grading moved", status: "rejected", code: "UPLOAD_EXPIRED" }]);
  });
});
