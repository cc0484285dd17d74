import { DeleteObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../core/sha256.ts";
import { s3TestEvent } from "../builders/aws-events.ts";
import { usingCloudHouse } from "../builders/cloud-house.ts";
import { refusal } from "../builders/cloud-wire.ts";
import { blobOf, phantomStill } from "../builders/phantom-archive.ts";

/** What S3 and SQS may bring to the functions as deployed, and bring twice, late or damaged. */
describe("messages", () => {
  const house = usingCloudHouse();

  const still = async (seed = 8) => blobOf(await phantomStill({ seed }));
  const askFor = (embryoId: string) => house().askForForm({ kind: "still", embryoId });
  const deadLetters = async () =>
    (await Promise.all(Object.values(house().queues).map((queue) => queue.dead()))).flat();

  it("that come several times grade an embryo once", async () => {
    const ticket = await askFor("repeated");
    const stored = await house().post(ticket, await still());
    await house().announce(stored, stored);
    for (let times = 0; times < 2; times++) await house().announce(stored);

    await house().settle();

    expect(await house().answerOf(ticket.uploadId)).toMatchObject({ status: "graded" });
    expect(await house().countRecords("repeated")).toBe(1);
    expect(house().movesOf(ticket.uploadId)).toEqual(["cropping", "grading", "graded"]);
    expect(await deadLetters()).toEqual([]);
  });

  it("that come again after the grades ask no station for anything", async () => {
    const ticket = await askFor("late");
    const stored = await house().post(ticket, await still());
    await house().announce(stored);
    await house().settle();

    await house().announce(stored);
    await house().queues.stored.deliver();
    const jobs = await house().queues.crop.deliver();
    await house().queues.crop.send({ gradingId: ticket.uploadId, clinicId: "north" });
    await house().queues.crop.deliver();

    expect(jobs).toBe(0);
    expect(house().endpoint.waiting).toEqual([]);
  });

  it("of two posts of one form, taken at the same time, have one of them cropped, the pinned one", async () => {
    const ticket = await askFor("posted at once");
    const posts = [await house().post(ticket, await still()), await house().post(ticket, await still(9))];
    for (const stored of posts) await house().announce(stored);

    await Promise.all(posts.map(() => house().queues.stored.deliver()));

    const jobs = [await house().queues.crop.deliver(), await house().queues.crop.deliver()];
    expect(jobs).toEqual([1, 0]);
    await house().settle();
    const { objectVersion } = (await house().gradings.find(ticket.uploadId))!;
    const pinned = await house().objects.read(posts[0]!.key, objectVersion!);
    const { provenance } = await house().answerOf(ticket.uploadId);
    expect(provenance?.archiveDigest).toBe(await sha256Hex(pinned));
  });

  it("of two posts of one form grade the one that is told of first, in whichever order they were stored", async () => {
    const ticket = await askFor("posted twice");
    const first = await house().post(ticket, await still());
    const second = await house().post(ticket, await still(9));
    const alone = await house().upload(await still(9), { kind: "still", embryoId: "posted once" });

    await house().announce(second);
    await house().queues.stored.deliver();
    await house().announce(first);
    await house().settle();

    const [answer, expected] = [await house().answerOf(ticket.uploadId), await house().answerOf(alone)];
    expect(answer.provenance?.archiveDigest).toBe(expected.provenance?.archiveDigest);
    expect(await house().countRecords("posted twice")).toBe(1);
  });

  it("of a post that comes after the grades change nothing", async () => {
    const ticket = await askFor("posted late");
    await house().announce(await house().post(ticket, await still()));
    await house().settle();
    const before = await house().answerOf(ticket.uploadId);

    await house().announce(await house().post(ticket, await still(9)));
    await house().settle();

    expect(await house().answerOf(ticket.uploadId)).toEqual(before);
    expect(await house().countRecords("posted late")).toBe(1);
  });

  it.each(["uploads/north/not ours é%2F+", "uploads/north/a/b", "clips/north/1.npz", "uploads/north/unknown-grading"])(
    "of the key %s are left alone, and the upload beside it is graded",
    async (key) => {
      const ticket = await askFor(`beside ${key}`);
      const stored = await house().post(ticket, await still());

      await house().announce({ ...stored, key }, stored);
      await house().settle();

      expect(await house().answerOf(ticket.uploadId)).toMatchObject({ status: "graded" });
      expect(await deadLetters()).toEqual([]);
    },
  );

  it("that only test the notifications are done with at once", async () => {
    await house().queues.stored.send(s3TestEvent(house().resources.bucket));

    await house().settle();

    expect(await deadLetters()).toEqual([]);
  });

  it("of an upload that a delete marker hides grade the version they name", async () => {
    const ticket = await askFor("hidden");
    const stored = await house().post(ticket, await still());
    await new S3Client({}).send(new DeleteObjectCommand({ Bucket: house().resources.bucket, Key: stored.key }));

    await house().announce(stored);
    await house().settle();

    expect(await house().answerOf(ticket.uploadId)).toMatchObject({ status: "graded" });
  });

  it("of a version that is gone reject the upload, with what to do", async () => {
    const ticket = await askFor("gone");
    const stored = await house().post(ticket, await still());

    await house().announce({ ...stored, version: "0".repeat(32) });
    await house().settle();

    expect(await house().answerOf(ticket.uploadId)).toMatchObject({
      status: "rejected",
      rejection: { code: "OBJECT_MISSING", detail: "The uploaded file is gone. Upload it again." },
    });
    expect(await deadLetters()).toEqual([]);
  });

  it("that come to ingest come one by one, so that an archive that ends the process ends no other's attempt", async () => {
    for (const embryoId of ["one", "beside it"]) await house().uploadStill(embryoId);

    const taken = await house().queues.stored.deliver();

    expect(taken).toBe(1);
    await house().settle();
  });

  it("that nobody can read go to the dead letters with the cause, and the other nine of the batch go on", async () => {
    const uploads = await uploadsAnswered(4, "before");
    await house().queues.finished.send({ invocationStatus: "poison" });
    uploads.push(...(await uploadsAnswered(5, "after")));

    const taken = await house().queues.finished.deliver();

    expect(taken).toBe(10);
    const [letter, ...others] = await house().queues.finished.dead();
    expect(letter?.body).toContain("poison");
    expect(letter?.cause).toBe("MESSAGE_UNREADABLE");
    expect(others).toEqual([]);
    const statuses = await Promise.all(uploads.map(async (id) => (await house().answerOf(id)).status));
    expect(statuses).toEqual(new Array(9).fill("graded"));
  });

  it("that fail come again, alone, and the others of the batch do not", async () => {
    const [failing, other] = (await uploadsAnswered(2, "fails once")) as [string, string];
    house().wire.intercept = async ({ service, operation }, pass) =>
      service === "s3" && operation.includes(failing) ? refusal("s3", 503, "SlowDown") : pass();

    const taken = await house().queues.finished.deliver();
    house().wire.intercept = (_call, pass) => pass();
    const takenAgain = await house().queues.finished.deliver();

    expect([taken, takenAgain]).toEqual([2, 1]);
    for (const uploadId of [failing, other]) {
      expect(await house().answerOf(uploadId)).toMatchObject({ status: "graded" });
      expect(house().movesOf(uploadId)).toEqual(["cropping", "grading", "graded"]);
    }
  });

  /** Uploads of which the endpoint has told, and no station has heard yet. */
  async function uploadsAnswered(count: number, embryoId: string): Promise<string[]> {
    const uploads: string[] = [];
    for (let n = 0; n < count; n++) {
      uploads.push(await house().uploadStill(`${embryoId} ${n}`));
      await house().queues.stored.deliver();
      await house().queues.crop.deliver();
      await house().endpoint.answerNext();
    }
    return uploads;
  }
});
