import { describe, expect, it } from "vitest";
import { Problem, UploadTicket } from "../../core/contracts/http.ts";
import type { UploadForms } from "../../core/ports.ts";
import { objectKeys } from "../../core/stations/keys.ts";
import { expectProblem, openApi } from "../builders/api.ts";
import { aGrading } from "./builders.ts";

describe("a clinic's uploads", () => {
  it("answers with a form for one upload, and with the grading that waits for it", async () => {
    const api = await openApi();

    const response = await api.ask({ ageYears: 34.5 });

    expect(response.status).toBe(201);
    const ticket = UploadTicket.parse(await response.json());
    expect(ticket.uploadId).toBe(ticket.gradingId);
    expect(ticket.fields.key).toBe(objectKeys.upload("north", ticket.gradingId));
    const upload = await api.get(`/v1/uploads/${ticket.uploadId}`);
    expect(await upload.json()).toMatchObject({ gradingId: ticket.gradingId, status: "received", embryoId: null });
    expect(await api.ports.gradings.find(ticket.gradingId)).toMatchObject({ ageYears: 34.5 });
  });

  it("takes a request without a body, since the manifest says everything", async () => {
    const api = await openApi();

    const response = await api.ask();

    expect(response.status).toBe(201);
  });

  it("takes a still with all that no manifest will say of it", async () => {
    const api = await openApi();

    const response = await api.ask({ kind: "still", embryoId: "E 17", cycleId: "C 4", ageYears: 34 });

    const { uploadId } = UploadTicket.parse(await response.json());
    const upload = await api.get(`/v1/uploads/${uploadId}`);
    expect(await upload.json()).toMatchObject({ status: "received", embryoId: "E 17", cycleId: "C 4" });
    expect(await api.ports.gradings.find(uploadId)).toMatchObject({ kind: "still", ageYears: 34 });
  });

  it("lists no embryo of a still that was announced and not sent yet", async () => {
    const api = await openApi();

    await api.ask({ kind: "still", embryoId: "E 17", cycleId: "C 4" });

    expect(await (await api.get("/v1/embryos")).json()).toMatchObject({ embryos: [] });
    expect((await api.get("/v1/embryos/E%2017")).status).toBe(404);
    expect((await api.get("/v1/cycles/C%204")).status).toBe(404);
  });

  it("takes a still of no cycle and no age", async () => {
    const api = await openApi();

    const response = await api.ask({ kind: "still", embryoId: "E 17" });

    const { uploadId } = UploadTicket.parse(await response.json());
    expect(await api.ports.gradings.find(uploadId)).toMatchObject({
      kind: "still",
      announced: { embryoId: "E 17", cycleId: null },
      ageYears: null,
    });
  });

  it.each([
    [{}, 20 * 1024 ** 3],
    [{ kind: "still", embryoId: "E 17" }, 128 * 1024 ** 2],
  ])("gives a form for files as large as they come: %j", async (body, bytesAtMost) => {
    const asked: { min: number; max: number }[] = [];
    const presign: UploadForms["presign"] = async (key, bytes) => {
      asked.push(bytes);
      return { url: "http://north.example", fields: { key }, expiresAt: "2026-03-01T13:00:00.000Z" };
    };
    const api = await openApi({ uploadForms: { presign } });

    await api.ask(body);

    expect(asked).toEqual([{ min: 0, max: bytesAtMost }]);
  });

  it.each([
    ["a kind that there is not", { kind: "film" }],
    ["a field that there is not", { age: 34 }],
    ["a list", []],
    ["a time-lapse whose embryo is not said by its manifest", { kind: "time-lapse", embryoId: "E 17" }],
    ["a still of no embryo", { kind: "still" }],
    ["a still with a field that there is not", { kind: "still", embryoId: "E 17", age: 34 }],
    ["a still of an embryo without a name", { kind: "still", embryoId: "" }],
    ["a still of a cycle without a name", { kind: "still", embryoId: "E 17", cycleId: " " }],
  ])("refuses %s", async (_what, body) => {
    const api = await openApi();

    const response = await api.ask(body);

    await expectProblem(response, 422, "REQUEST_INVALID");
  });

  it.each([{}, { kind: "still", embryoId: "E 17" }])(
    "refuses an age that cannot be, and says which can: %j",
    async (of) => {
      const api = await openApi();

      for (const ageYears of ["34", -34, 17, 56, null]) {
        const response = await api.ask({ ...of, ageYears });

        const { detail } = Problem.parse(await response.clone().json());
        await expectProblem(response, 422, "REQUEST_INVALID");
        expect(detail).toBe("ageYears: has to be a number of years from 18 to 55");
      }
    },
  );

  it("refuses a body that is not JSON", async () => {
    const api = await openApi();
    const headers = { "Content-Type": "application/json" };

    const response = await api.app.request("/v1/uploads", { method: "POST", body: "{", headers });

    await expectProblem(response, 400, "BODY_NOT_JSON");
    expect(api.reported).toEqual([]);
  });

  it("refuses a body that is not called JSON rather than overlooking the age in it", async () => {
    const api = await openApi();

    const response = await api.app.request("/v1/uploads", { method: "POST", body: '{"ageYears":34}' });

    await expectProblem(response, 415, "MEDIA_TYPE_UNSUPPORTED");
    expect(api.reported).toEqual([]);
  });

  it("tells an upload without a preview from one with", async () => {
    const api = await openApi();
    for (const gradingId of ["seen", "unseen"]) await api.ports.gradings.create(aGrading({ gradingId }));
    await api.ports.objects.write(objectKeys.preview("north", "seen"), new Uint8Array([1, 2, 3]));

    const seen = await api.get("/v1/uploads/seen/preview");
    const unseen = await api.get("/v1/uploads/unseen/preview");

    expect(seen.headers.get("Content-Type")).toBe("image/webp");
    expect(new Uint8Array(await seen.arrayBuffer())).toEqual(new Uint8Array([1, 2, 3]));
    await expectProblem(unseen, 404, "PREVIEW_UNKNOWN");
  });
});
