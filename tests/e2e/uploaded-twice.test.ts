import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uploadArchive } from "../../cli/client.ts";
import type { GradingAnswer } from "../../core/contracts/grading.ts";
import { EmbryoPage, UploadTicket } from "../../core/contracts/http.ts";
import { zipOf } from "../builders/hostile-zips.ts";
import { expectGrades, expectRejection, type LocalClinic, openLocalClinic } from "../builders/local-clinic.ts";
import { blobOf, filesOf, loosePhantom, packed, phantomArchive } from "../builders/phantom-archive.ts";

const EARLY = { capturedHpi: [91, 92, 93, 115, 116] };

describe("archives that come more than once", () => {
  let clinic: LocalClinic;

  beforeAll(async () => {
    clinic = await openLocalClinic();
  });
  afterAll(() => clinic.close());

  const named = (embryoId: string, options: object = {}) => phantomArchive({ ...options, manifest: { embryoId } });
  const shown = (embryoId: string) => clinic.answerOf(`/v1/embryos/${embryoId}`);

  it("grades the same archive uploaded again from the record that is there", async () => {
    const archive = await named("later");

    const first = await clinic.upload(archive);
    const second = await clinic.upload(archive);

    expectGrades(second, "SHORT_SEQUENCE");
    expect(second.gradingId).not.toBe(first.gradingId);
    expect({ ...second, gradingId: first.gradingId }).toEqual(first);
    expect(await shown("later")).toEqual(first);
  });

  it("grades the same archive uploaded three times at once, into one record", async () => {
    const archive = await named("at-once");

    const ids = await Promise.all([1, 2, 3].map(() => uploadArchive(clinic.send, archive)));
    await clinic.idle();

    const answers = await Promise.all(ids.map((id) => clinic.answerOf(`/v1/uploads/${id}`)));
    for (const answer of answers) expectGrades(answer, "SHORT_SEQUENCE");
    // The moment of grading stands in the record alone: one moment, one record.
    expect(new Set(answers.map(({ provenance }) => provenance?.gradedAt)).size).toBe(1);
    expect(ids).toContain((await shown("at-once")).gradingId);
  });

  it("takes an archive that was packed anew for the same archive", async () => {
    const loose = await loosePhantom({ manifest: { embryoId: "repacked" } });
    const first = await clinic.upload(await packed(loose));
    const reversed = Object.fromEntries(Object.entries(filesOf(loose)).toReversed());

    const second = await clinic.upload(blobOf(await zipOf(reversed, { zip64: true })));

    expectGrades(second, "SHORT_SEQUENCE");
    expect(second.provenance).toEqual(first.provenance);
  });

  it("gives another archive of the same embryo a record of its own, and shows the newest", async () => {
    const early = await clinic.upload(await named("grown", EARLY));

    const late = await clinic.upload(await named("grown"));

    for (const answer of [early, late]) expectGrades(answer, "SHORT_SEQUENCE");
    expect(late.provenance?.archiveDigest).not.toBe(early.provenance?.archiveDigest);
    expect(await shown("grown")).toEqual(late);
    expect(await clinic.answerOf(`/v1/uploads/${early.gradingId}`)).toEqual(early);
    const page = EmbryoPage.parse(await (await clinic.send("/v1/embryos")).json());
    expect(page.embryos.filter(({ embryoId }) => embryoId === "grown")).toEqual([
      { ...late, rank: expect.any(Number) },
    ]);
  });

  it("gives the same archive with a corrected age another record", async () => {
    const archive = await named("corrected");
    const first = await clinic.upload(archive, { ageYears: 34 });

    const corrected = await clinic.upload(archive, { ageYears: 43 });

    expectGrades(corrected, "SHORT_SEQUENCE");
    expect(corrected.provenance?.archiveDigest).toBe(first.provenance?.archiveDigest);
    expect(corrected.provenance?.clipSha256).not.toBe(first.provenance?.clipSha256);
    expect(await shown("corrected")).toEqual(corrected);
    expect(await clinic.answerOf(`/v1/uploads/${first.gradingId}`)).toEqual(first);
  });

  it("keeps showing an embryo's grades when a later upload of it is rejected", async () => {
    const graded = await clinic.upload(await named("kept"));

    const rejected = await clinic.upload(await named("kept", { kind: "empty" }));

    expectGrades(graded, "SHORT_SEQUENCE");
    expectRejection(rejected, "EMPTY_WELL");
    expect(await shown("kept")).toEqual(graded);
  });

  it("grades the first of two files posted with one form", async () => {
    const ticket = UploadTicket.parse(await (await clinic.send("/v1/uploads", { method: "POST" })).json());

    const statuses = [
      await post(ticket, await named("first-post")),
      await post(ticket, await named("second-post", EARLY)),
    ];
    await clinic.idle();

    expect(statuses).toEqual([204, 204]);
    const answer = await clinic.answerOf(`/v1/uploads/${ticket.uploadId}`);
    expectGrades(answer, "SHORT_SEQUENCE");
    expect(answer.embryoId).toBe("first-post");
    expect((await clinic.send("/v1/embryos/second-post")).status).toBe(404);
  });

  it("leaves a graded upload alone when its form is posted once more", async () => {
    const ticket = UploadTicket.parse(await (await clinic.send("/v1/uploads", { method: "POST" })).json());
    await post(ticket, await named("settled"));
    await clinic.idle();
    const before = await clinic.answerOf(`/v1/uploads/${ticket.uploadId}`);

    await post(ticket, blobOf(Buffer.from("not a zip")));
    await clinic.idle();

    expect(await clinic.answerOf(`/v1/uploads/${ticket.uploadId}`)).toEqual(before);
  });

  it("answers with the same bytes from another fresh store, apart from the grading's id and its moment", async () => {
    const archive = await named("anywhere");
    const other = await openLocalClinic();

    const [here, there] = [await clinic.upload(archive), await other.upload(archive)];
    await other.close();

    expectGrades(here, "SHORT_SEQUENCE");
    expect(comparable(there)).toBe(comparable(here));
  });

  async function post(ticket: UploadTicket, archive: Blob): Promise<number> {
    const form = new FormData();
    for (const [name, value] of Object.entries(ticket.fields)) form.append(name, value);
    form.append("file", archive, "archive.zip");
    return (await clinic.send(new URL(ticket.url).pathname, { method: "POST", body: form })).status;
  }
});

function comparable(answer: GradingAnswer): string {
  return JSON.stringify(answer, (key, value) => (key === "gradingId" || key === "gradedAt" ? undefined : value));
}
