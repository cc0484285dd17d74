import { describe, expect, it } from "vitest";
import { UploadTicket } from "../../core/contracts/http.ts";
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

  it.each([
    ["an age that the models do not know", { ageYears: 17 }],
    ["an age that is a text", { ageYears: "34" }],
    ["a kind that there is not", { kind: "film" }],
    ["a field that there is not", { age: 34 }],
    ["a list", []],
  ])("refuses %s", async (_what, body) => {
    const api = await openApi();

    const response = await api.ask(body);

    await expectProblem(response, 422, "REQUEST_INVALID");
  });

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
