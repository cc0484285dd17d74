import { describe, expect, it } from "vitest";
import type { Grading, RecordKey } from "../../core/contracts/grading.ts";
import { Cohort, EmbryoPage } from "../../core/contracts/http.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import { expectProblem, openApi, rejection } from "../builders/api.ts";
import { aCalibrator } from "../builders/calibrators.ts";
import { aGrading, digestOf } from "./builders.ts";

/** Of the same embryo, age and model as the records of these tests, and of another picture. */
const otherRecord: RecordKey = {
  ...{ clinicId: "north", embryoId: "e", ageYears: 34.5 },
  ...{ archiveDigest: digestOf("older"), modelSha256: digestOf("model") },
};

describe("a clinic's embryos", () => {
  it("are its own alone: what another clinic asks for is not there", async () => {
    const api = await openApi();
    await api.graded({ embryoId: "shared name", cycleId: "cycle", clinicId: "north", gradingId: "of-north" });
    await api.graded({ embryoId: "northern", cycleId: "cycle", clinicId: "north" });
    await api.graded({ embryoId: "shared name", cycleId: "cycle", clinicId: "south", gradingId: "of-south" });
    await api.ports.objects.write(objectKeys.preview("north", "of-north"), new Uint8Array([1]));

    const shared = await (await api.get("/v1/embryos/shared%20name", "south")).json();
    const page = EmbryoPage.parse(await (await api.get("/v1/embryos", "south")).json());
    const cohort = Cohort.parse(await (await api.get("/v1/cycles/cycle", "south")).json());

    expect(shared).toMatchObject({ clinicId: "south" });
    for (const { embryos } of [page, cohort]) expect(embryos.map(({ clinicId }) => clinicId)).toEqual(["south"]);
    expect(await (await api.get("/", "south")).text()).not.toContain("northern");
    await expectProblem(await api.get("/v1/embryos/northern", "south"), 404, "EMBRYO_UNKNOWN");
    await expectProblem(await api.get("/v1/uploads/of-north", "south"), 404, "UPLOAD_UNKNOWN");
    await expectProblem(await api.get("/v1/uploads/of-north/preview", "south"), 404, "PREVIEW_UNKNOWN");
    await expectProblem(await api.get("/v1/cycles/cycle", "east"), 404, "CYCLE_UNKNOWN");
  });

  it("come page by page, each once, also when new ones arrive in between", async () => {
    const api = await openApi();
    for (const embryoId of ["c", "a", "e", "b", "d"]) await api.graded({ embryoId });

    const first = EmbryoPage.parse(await (await api.get("/v1/embryos?limit=2")).json());
    await api.graded({ embryoId: "aa" });
    const rest = EmbryoPage.parse(
      await (await api.get(`/v1/embryos?limit=200&cursor=${encodeURIComponent(first.nextCursor ?? "")}`)).json(),
    );

    expect(first.embryos.map(({ embryoId }) => embryoId)).toEqual(["a", "b"]);
    expect(rest.embryos.map(({ embryoId }) => embryoId)).toEqual(["c", "d", "e"]);
    expect(rest.nextCursor).toBeNull();
  });

  it.each([
    ["slashes", "a/b/../c"],
    ["a percent sign", "100 %41"],
    ["a question mark and a hash", "why?#1"],
    ["128 characters of three bytes", "胚".repeat(128)],
    ["letters past the basic plane", "𝒆".repeat(64)],
    ["a quote and a plus", `"+&="`],
  ])("are found and paged past when their names have %s", async (_what, embryoId) => {
    const api = await openApi();
    for (const each of [embryoId, "\u{10fffd} last"]) await api.graded({ embryoId: each });

    const embryo = await api.get(`/v1/embryos/${encodeURIComponent(embryoId)}`);
    const first = EmbryoPage.parse(await (await api.get("/v1/embryos?limit=1")).json());
    const second = await api.get(`/v1/embryos?limit=1&cursor=${encodeURIComponent(first.nextCursor ?? "")}`);

    expect(await embryo.json()).toMatchObject({ embryoId });
    expect(first.embryos).toMatchObject([{ embryoId }]);
    expect(EmbryoPage.parse(await second.json()).embryos).toMatchObject([{ embryoId: "\u{10fffd} last" }]);
  });

  it.each(["limit=0", "limit=201", "limit=ten", `cursor=${"x".repeat(5000)}`])(
    "are not listed by %s",
    async (query) => {
      const api = await openApi();

      const response = await api.get(`/v1/embryos?${query}`);

      await expectProblem(response, 422, "REQUEST_INVALID");
    },
  );

  it("show the newest of their records, and no later rejection", async () => {
    const api = await openApi();
    const embryoId = "e";
    await api.graded({
      embryoId,
      archiveDigest: digestOf("old"),
      gradedAt: "2026-03-01T12:00:00.000Z",
      gradingId: "old",
    });
    await api.graded({
      embryoId,
      archiveDigest: digestOf("new"),
      gradedAt: "2026-03-02T12:00:00.000Z",
      gradingId: "new",
    });
    await api.ports.gradings.create(
      aGrading({ gradingId: "bad", embryoId, status: "rejected", rejection, receivedAt: "2026-03-03T12:00:00.000Z" }),
    );

    const embryo = await (await api.get("/v1/embryos/e")).json();
    const page = await (await api.get("/v1/embryos")).json();
    const upload = await (await api.get("/v1/uploads/bad")).json();

    expect(embryo).toMatchObject({ gradingId: "new", status: "graded", rejection: null });
    expect(page).toMatchObject({ embryos: [embryo] });
    expect(upload).toMatchObject({ status: "rejected", rejection, icm: null });
  });

  it("show their rejection while there is no record", async () => {
    const api = await openApi();
    await api.ports.gradings.create(aGrading({ gradingId: "bad", embryoId: "e", status: "rejected", rejection }));

    const embryo = await (await api.get("/v1/embryos/e")).json();

    expect(embryo).toMatchObject({ gradingId: "bad", status: "rejected", rejection, provenance: null, notice: null });
  });

  it("say that it was a demo that withheld their grades", async () => {
    const api = await openApi({ demo: true });
    await api.ports.gradings.create(aGrading({ gradingId: "bad", embryoId: "e", status: "rejected", rejection }));

    const answers = await Promise.all(
      ["/v1/uploads/bad", "/v1/embryos/e"].map(async (path) => (await api.get(path)).json()),
    );

    for (const answer of answers) expect(answer).toMatchObject({ icm: null, notice: expect.stringContaining("demo") });
  });
});

describe("a cycle", () => {
  const structure = (A: number, B: number, C: number) => {
    const distribution = { A, B, C };
    const grade = A > B ? ("A" as const) : B > C ? ("B" as const) : ("C" as const);
    return { grade, probabilities: distribution, scores: distribution };
  };

  it("ranks its embryos by the expected grades of both structures, those without grades last and without a rank", async () => {
    const api = await openApi();
    const cycleId = "cycle 7";
    await api.graded({ cycleId, embryoId: "middling", icm: structure(0.1, 0.8, 0.1), te: structure(0.1, 0.8, 0.1) });
    await api.graded({ cycleId, embryoId: "best", icm: structure(0.9, 0.1, 0), te: structure(0.6, 0.3, 0.1) });
    await api.graded({ cycleId, embryoId: "worst", icm: structure(0, 0.1, 0.9), te: structure(0, 0.1, 0.9) });
    await api.graded({ cycleId: "another", embryoId: "elsewhere" });
    await api.ports.gradings.create(
      aGrading({ gradingId: "empty", embryoId: "a well", cycleId, status: "rejected", rejection }),
    );

    const response = await api.get("/v1/cycles/cycle%207");

    const cohort = Cohort.parse(await response.json());
    expect(cohort.embryos.map(({ embryoId, rank }) => [embryoId, rank])).toEqual([
      ["best", 1],
      ["middling", 2],
      ["worst", 3],
      ["a well", null],
    ]);
  });

  it("ranks by the probability of pregnancy where there is one, whatever the grades", async () => {
    const modelSha256 = digestOf("model");
    const calibrator = { calibrator: aCalibrator({ modelSha256 }), sha256: digestOf("calibrator") };
    const api = await openApi({ calibratorOf: async () => calibrator });
    const scored = (rawScore: number) => ({
      cycleId: "c",
      pregnancy: { rawScore, ageYears: 34, focus: "te" as const },
    });
    await api.graded({
      ...scored(0.1),
      embryoId: "fine grades",
      icm: structure(0.9, 0.1, 0),
      te: structure(0.9, 0.1, 0),
    });
    await api.graded({
      ...scored(0.9),
      embryoId: "high score",
      icm: structure(0, 0.1, 0.9),
      te: structure(0, 0.1, 0.9),
    });
    await api.graded({ cycleId: "c", embryoId: "no age", icm: structure(1, 0, 0), te: structure(1, 0, 0) });

    const cohort = Cohort.parse(await (await api.get("/v1/cycles/c")).json());

    expect(cohort.embryos.map(({ embryoId }) => embryoId)).toEqual(["high score", "fine grades", "no age"]);
    expect(cohort.embryos[0]).toMatchObject({
      pregnancy: { probability: expect.closeTo(0.625), calibratedOn: "2026-02-01" },
      provenance: { calibratorSha256: digestOf("calibrator") },
    });
  });

  it("ranks its embryos in the list of all embryos too, also those whose rivals are on another page", async () => {
    const api = await openApi();
    await api.graded({ cycleId: "1", embryoId: "a", icm: structure(0, 0.1, 0.9), te: structure(0, 0.1, 0.9) });
    await api.graded({ cycleId: "1", embryoId: "b", icm: structure(0.9, 0.1, 0), te: structure(0.6, 0.3, 0.1) });
    await api.graded({ cycleId: "2", embryoId: "c" });
    await api.graded({ embryoId: "d" });
    await api.ports.gradings.create(
      aGrading({ gradingId: "empty", embryoId: "e", cycleId: "1", status: "rejected", rejection }),
    );

    const whole = EmbryoPage.parse(await (await api.get("/v1/embryos")).json());
    const first = EmbryoPage.parse(await (await api.get("/v1/embryos?limit=1")).json());

    expect(whole.embryos.map(({ embryoId, rank }) => [embryoId, rank])).toEqual([
      ["a", 2],
      ["b", 1],
      ["c", 1],
      ["d", null],
      ["e", null],
    ]);
    expect(first.embryos).toMatchObject([{ embryoId: "a", rank: 2 }]);
  });

  it("has an embryo no more when its newest record is of another cycle", async () => {
    const api = await openApi();
    const embryoId = "e";
    await api.graded({
      embryoId,
      cycleId: "mistaken",
      archiveDigest: digestOf("old"),
      gradedAt: "2026-03-01T12:00:00.000Z",
    });
    await api.graded({
      embryoId,
      cycleId: "right",
      archiveDigest: digestOf("new"),
      gradedAt: "2026-03-02T12:00:00.000Z",
    });

    const mistaken = await api.get("/v1/cycles/mistaken");
    const right = await api.get("/v1/cycles/right");

    await expectProblem(mistaken, 404, "CYCLE_UNKNOWN");
    expect(Cohort.parse(await right.json()).embryos).toMatchObject([{ embryoId, cycleId: "right", rank: 1 }]);
  });

  it("has a still that was first said to be of another, once it was uploaded again", async () => {
    const api = await openApi();
    await api.graded({ embryoId: "e", cycleId: "mistaken", gradingId: "first" });
    const { recordKey } = (await api.ports.gradings.find("first"))!;
    const again = { gradingId: "again", embryoId: "e", cycleId: "right", receivedAt: "2026-03-02T12:00:00.000Z" };
    await api.ports.gradings.create(aGrading({ ...again, kind: "still", status: "graded", recordKey }));

    const mistaken = await api.get("/v1/cycles/mistaken");
    const right = await api.get("/v1/cycles/right");

    await expectProblem(mistaken, 404, "CYCLE_UNKNOWN");
    expect(Cohort.parse(await right.json()).embryos).toMatchObject([{ gradingId: "again", cycleId: "right", rank: 1 }]);
    expect(await (await api.get("/v1/embryos/e")).json()).toMatchObject({ cycleId: "right" });
  });

  it.each<[string, Partial<Grading>]>([
    ["is not graded yet", { status: "grading" }],
    ["is of another record", { status: "graded", recordKey: otherRecord }],
  ])("keeps an embryo whose later upload %s", async (_what, later) => {
    const api = await openApi();
    await api.graded({ embryoId: "e", cycleId: "cycle", gradingId: "first" });
    const again = { gradingId: "again", embryoId: "e", cycleId: "another", receivedAt: "2026-03-02T12:00:00.000Z" };
    await api.ports.gradings.create(aGrading({ ...again, ...later }));

    const cycle = await api.get("/v1/cycles/cycle");

    expect(Cohort.parse(await cycle.json()).embryos).toMatchObject([{ gradingId: "first", cycleId: "cycle" }]);
  });
});
