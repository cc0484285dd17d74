import { describe, expect, it } from "vitest";
import { objectKeys } from "../../core/stations/keys.ts";
import { expectProblem, openApi, rejection } from "../builders/api.ts";
import { aGrading, digestOf } from "./builders.ts";

const pregnancy = { rawScore: 0.5, ageYears: 34, focus: "icm" } as const;
const picture = (text: string) => new TextEncoder().encode(text);

describe("an embryo's explanation", () => {
  it("is the picture of the record that the embryo is shown by", async () => {
    const api = await openApi();
    const embryoId = "E 17/a";
    for (const [gradingId, gradedAt] of [
      ["old", "2026-03-01T12:00:00.000Z"],
      ["new", "2026-03-02T12:00:00.000Z"],
    ] as const) {
      await api.graded({ embryoId, gradingId, gradedAt, archiveDigest: digestOf(gradingId), pregnancy });
      await api.ports.objects.write(objectKeys.explanation("north", gradingId), picture(gradingId));
    }
    await api.ports.gradings.create(
      aGrading({ gradingId: "bad", embryoId, status: "rejected", rejection, receivedAt: "2026-03-03T12:00:00.000Z" }),
    );

    const response = await api.get(`/v1/embryos/${encodeURIComponent(embryoId)}/explanation`);

    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("image/webp");
    expect(await response.text()).toBe("new");
  });

  it("is of an embryo uploaded again the one of its first grading, which may not know of its record yet", async () => {
    const api = await openApi();
    await api.graded({ embryoId: "e", gradingId: "first", pregnancy });
    const first = (await api.ports.gradings.find("first"))!;
    await api.ports.gradings.create({ ...first, gradingId: "second", receivedAt: "2026-03-03T12:00:00.000Z" });
    await api.ports.gradings.change("first", ["graded"], { status: "grading", recordKey: null });
    await api.ports.objects.write(objectKeys.explanation("north", "first"), picture("first"));

    const response = await api.get("/v1/embryos/e/explanation");

    expect(await response.text()).toBe("first");
  });

  it("is nobody else's", async () => {
    const api = await openApi();
    await api.graded({ embryoId: "e", gradingId: "of-north", clinicId: "north", pregnancy });
    await api.graded({ embryoId: "e", gradingId: "of-south", clinicId: "south", pregnancy });
    await api.graded({ embryoId: "f", gradingId: "more-of-north", clinicId: "north", pregnancy });
    for (const [clinic, grading] of [
      ["north", "of-north"],
      ["south", "of-south"],
      ["north", "more-of-north"],
    ] as const) {
      await api.ports.objects.write(objectKeys.explanation(clinic, grading), picture(grading));
    }

    const [norths, souths] = await Promise.all(["north", "south"].map((c) => api.get("/v1/embryos/e/explanation", c)));

    expect([await norths!.text(), await souths!.text()]).toEqual(["of-north", "of-south"]);
    await expectProblem(await api.get("/v1/embryos/f/explanation", "south"), 404, "EMBRYO_UNKNOWN");
  });

  it("is not there where it could not be drawn", async () => {
    const api = await openApi();
    await api.graded({ embryoId: "e", gradingId: "without", pregnancy });

    await expectProblem(await api.get("/v1/embryos/e/explanation"), 404, "EXPLANATION_UNKNOWN");
  });

  it("is not there for an embryo without a pregnancy score, without grades, or that there is not", async () => {
    const api = await openApi();
    await api.graded({ embryoId: "without an age", pregnancy: null });
    await api.ports.gradings.create(aGrading({ gradingId: "bad", embryoId: "empty", status: "rejected", rejection }));
    const get = (embryoId: string) => api.get(`/v1/embryos/${encodeURIComponent(embryoId)}/explanation`);

    await expectProblem(await get("without an age"), 404, "EXPLANATION_UNKNOWN");
    await expectProblem(await get("empty"), 404, "EXPLANATION_UNKNOWN");
    await expectProblem(await get("unheard of"), 404, "EMBRYO_UNKNOWN");
    expect(api.reported).toEqual([]);
  });
});
