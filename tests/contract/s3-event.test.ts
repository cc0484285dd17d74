import type { S3Event } from "aws-lambda";
import fc from "fast-check";
import { expect, it } from "vitest";
import { uploadsOfS3Event } from "../../adapters/aws/s3-event.ts";
import { s3Notification, s3TestEvent } from "../builders/aws-events.ts";

const bodyOf = (event: unknown) => JSON.stringify(event);
const upload = { key: "uploads/north/1f0c", version: "096fKKXTRTtl3on89fVO.nfljtsv6qko", size: 1024 };

it("tells what was uploaded, in which version and of what size", () => {
  const uploads = uploadsOfS3Event(bodyOf(s3Notification([upload])));

  expect(uploads).toEqual([upload]);
});

it("tells of an upload without bytes", () => {
  const uploads = uploadsOfS3Event(bodyOf(s3Notification([{ ...upload, size: 0 }])));

  expect(uploads).toEqual([{ ...upload, size: 0 }]);
});

it("tells of every upload of a notification, in its order", () => {
  const second = { ...upload, key: "uploads/south/2", version: "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY" };

  const uploads = uploadsOfS3Event(bodyOf(s3Notification([upload, second, upload])));

  expect(uploads).toEqual([upload, second, upload]);
});

it.each(["Put", "Post", "Copy", "CompleteMultipartUpload"])("tells of an upload by %s", (how) => {
  const uploads = uploadsOfS3Event(bodyOf(s3Notification([upload], `ObjectCreated:${how}`)));

  expect(uploads).toEqual([upload]);
});

it("finds nothing to do in the event that S3 sends when notifications are set up", () => {
  expect(uploadsOfS3Event(bodyOf(s3TestEvent("north-objects")))).toEqual([]);
});

it("ignores what is no upload, also where it lacks what an upload has", () => {
  const event = s3Notification([upload, upload, upload]);
  const [deleted, created, restored] = event.Records as [Record, Record, Record];
  deleted.eventName = "ObjectRemoved:DeleteMarkerCreated";
  deleted.s3.object = { key: "uploads/north/0", sequencer: "00" } as Record["s3"]["object"];
  restored.eventName = "ObjectRestore:Completed";

  expect(uploadsOfS3Event(bodyOf({ Records: [deleted, created, restored] }))).toEqual([upload]);
});

it.each([
  ["is no JSON", "{"],
  ["is empty", ""],
  ["is another JSON", '{"hello":"world"}'],
  ["is null", "null"],
  ["is of another service", bodyOf(changed((record) => ({ ...record, eventSource: "aws:sns" })))],
  ["has no version", bodyOf(changed((record) => withObject(record, { versionId: undefined })))],
  ["has an empty version", bodyOf(changed((record) => withObject(record, { versionId: "" })))],
  ["has no size", bodyOf(changed((record) => withObject(record, { size: undefined })))],
  ["has a negative size", bodyOf(changed((record) => withObject(record, { size: -1 })))],
  ["has an empty key", bodyOf(changed((record) => withObject(record, { key: "" })))],
  ["has a key that is not encoded", bodyOf(changed((record) => withObject(record, { key: "100%" })))],
  ["has half a character in its key", bodyOf(changed((record) => withObject(record, { key: "%C3" })))],
])("cannot read a body that %s", (_what, body) => {
  expect(() => uploadsOfS3Event(body)).toThrow();
});

it("gives back any key that an object can have", () => {
  const key = fc.string({ unit: "binary", minLength: 1, maxLength: 80 });
  fc.assert(
    fc.property(key, (key) => {
      expect(uploadsOfS3Event(bodyOf(s3Notification([{ ...upload, key }])))).toEqual([{ ...upload, key }]);
    }),
  );
});

it("gives back a space, a plus, a percent sign and an umlaut as they were", () => {
  const event = changed((record) => withObject(record, { key: "uploads/happy+face%2B100%25%C3%A4.zip" }));

  expect(uploadsOfS3Event(bodyOf(event))[0]?.key).toBe("uploads/happy face+100%ä.zip");
});

type Record = S3Event["Records"][number];

function changed(change: (record: Record) => unknown) {
  return { Records: s3Notification([upload]).Records.map(change) };
}

function withObject(record: Record, fields: object) {
  return { ...record, s3: { ...record.s3, object: { ...record.s3.object, ...fields } } };
}
