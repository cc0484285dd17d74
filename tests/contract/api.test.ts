import { describe, expect, it } from "vitest";
import { Problem } from "../../core/contracts/http.ts";
import { StorageUnavailable } from "../../core/errors.ts";
import type { GradingStore } from "../../core/ports.ts";
import { createApp } from "../../functions/grade/app.ts";
import { expectProblem, openApi } from "../builders/api.ts";
import { aGrading } from "./builders.ts";

describe("the HTTP API", () => {
  it.each([
    ["a path", "/v1/nothing", "NOT_FOUND"],
    ["an upload", "/v1/uploads/nothing", "UPLOAD_UNKNOWN"],
    ["an upload named to leave its folder", "/v1/uploads/..%2F..%2Fx/preview", "PREVIEW_UNKNOWN"],
    ["an embryo", "/v1/embryos/nothing", "EMBRYO_UNKNOWN"],
    ["a cycle", "/v1/cycles/nothing", "CYCLE_UNKNOWN"],
    ["a page of the documentation", "/docs/nothing.js", "NOT_FOUND"],
  ])("says as a problem that %s is not there", async (_what, path, code) => {
    const api = await openApi();

    const response = await api.get(path);

    await expectProblem(response, 404, code);
  });

  it("answers a store that does not answer with 503, and says that trying again helps", async () => {
    const failing = async () => {
      throw new StorageUnavailable("The store does not answer.");
    };
    const api = await openApi();
    const broken = createApp({ ...api.ports, gradings: { ...api.ports.gradings, find: failing } });

    const response = await broken.request("/v1/uploads/any");

    const problem = Problem.parse(await response.clone().json());
    expect(problem.retryable).toBe(true);
    await expectProblem(response, 503, "STORAGE_UNAVAILABLE");
  });

  it("keeps what went wrong inside to itself", async () => {
    const failing = async () => {
      throw new TypeError("/srv/secret/path is undefined");
    };
    const api = await openApi();
    const broken = createApp({ ...api.ports, gradings: { ...api.ports.gradings, find: failing } });

    const response = await broken.request("/v1/uploads/any");

    expect(await response.clone().text()).not.toContain("secret");
    await expectProblem(response, 500, "INTERNAL");
    expect(api.reported).toMatchObject([{ message: "/srv/secret/path is undefined" }]);
  });

  it("says that it is well", async () => {
    const api = await openApi();

    const response = await api.get("/healthz");

    expect(await response.json()).toEqual({ status: "ok" });
  });

  it("shows hostile names on its page as the text they are", async () => {
    const hostile = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`;
    const api = await openApi();
    await api.graded({ embryoId: hostile, cycleId: hostile, warnings: [{ code: "<b>", detail: hostile }] });
    await api.ports.gradings.create(
      aGrading({ gradingId: "bad", embryoId: "x", status: "rejected", rejection: { code: "<i>", detail: hostile } }),
    );

    const page = await (await api.get("/")).text();

    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page).not.toContain("<script");
    expect(page).not.toMatch(/<img src=x|<b>|<i>/);
    // The one picture's alternative text stays within its quotes.
    expect(page.match(/<img [^>]*>/g)).toEqual([
      expect.stringMatching(/^<img alt="pictures of [^"<>]*" src="v1\/uploads\/[A-Za-z0-9-]+\/preview" \/>$/),
    ]);
  });

  it("says on its pages that a demo is not for clinical use, with embryos and without", async () => {
    const api = await openApi({ demo: true });
    await api.graded({ embryoId: "e" });

    const pages = await textsOf(api.get("/"), api.get("/", "south"), api.get("/docs"));

    for (const page of pages) expect(page).toMatch(NOTICE);
  });

  it("says on its page that grades which a demo left behind are not for clinical use", async () => {
    const api = await openApi({ demo: false });
    await api.graded({ embryoId: "e", demo: true });

    const [page] = await textsOf(api.get("/"));

    expect(page).toMatch(NOTICE);
  });

  it("calls no page a demo's where nothing is one", async () => {
    const api = await openApi({ demo: false });
    await api.graded({ embryoId: "e", demo: false });

    const pages = await textsOf(api.get("/"), api.get("/", "south"), api.get("/docs"));

    for (const page of pages) expect(page).not.toMatch(/demo|clinical/);
  });

  it("ranks on its page the embryos of a cycle, and those without one not at all", async () => {
    const api = await openApi();
    await api.graded({ embryoId: "a", cycleId: "no cycle given" });
    for (const embryoId of ["b", "c"]) await api.graded({ embryoId, cycleId: null });

    const [page] = await textsOf(api.get("/"));

    const [ofCycle, ofNone] = page!.split("<h2>").slice(1).map(rankCells);
    expect(ofCycle).toEqual([["1", "a"]]);
    expect(ofNone).toEqual([
      ["–", "b"],
      ["–", "c"],
    ]);
  });

  it.each([
    [1000, false],
    [1001, true],
  ])("of %i embryos, says on its page that there are more than it shows: %s", async (count, isCut) => {
    const api = await openApi();
    const rows = Array.from({ length: count }, (_, n) => aGrading({ gradingId: `g-${n}`, embryoId: `embryo ${n}` }));
    const listByEmbryo: GradingStore["listByEmbryo"] = async (_clinicId, { limit }) => rows.slice(0, limit);
    const crowded = createApp({ ...api.ports, gradings: { ...api.ports.gradings, listByEmbryo } });

    const [page] = await textsOf(crowded.request("/"));

    expect(rankCells(page!)).toHaveLength(1000);
    expect(page!.includes("Only the first 1000 embryos")).toBe(isCut);
  });
});

const NOTICE = /demo.*not for clinical use/;

async function textsOf(...responses: (Response | Promise<Response>)[]): Promise<string[]> {
  return Promise.all(responses.map(async (response) => (await response).text()));
}

/** Rank and embryo of each row of a table. */
function rankCells(table: string): string[][] {
  return [...table.matchAll(/<td>([^<]*)<\/td>\s*<td class="words">([^<]*)<\/td>/g)].map(([, ...cells]) => cells);
}
