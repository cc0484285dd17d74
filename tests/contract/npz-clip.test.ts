import { createHash } from "node:crypto";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { decodeNpy, encodeNpy, npyHeader } from "../../adapters/archive/npy.ts";
import { decodeNpz, encodeNpz } from "../../adapters/archive/npz.ts";
import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import type { Clip, ClipMeta } from "../../core/contracts/clip.ts";
import { ClipInvalid } from "../../core/errors.ts";
import { zipOf } from "../builders/hostile-zips.ts";

const FRAME_BYTES = 3 * 224 * 224;
const META: ClipMeta = {
  schema: "blastograde/clip@1",
  archiveDigest: "a".repeat(64),
  cropperSha256: "b".repeat(64),
  ageYears: 34.5,
  kind: "time-lapse",
};

describe("npy arrays", () => {
  it("have the header that numpy writes", () => {
    const header = Buffer.from(npyHeader("|u1", [2, 3, 224, 224]));

    const text = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 224, 224), }";
    expect(header.subarray(0, 10)).toEqual(Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]));
    expect(header.subarray(10).toString()).toBe(`${text.padEnd(117)}\n`);
  });

  it("name a single dimension as Python does", () => {
    const header = Buffer.from(npyHeader("<f4", [30])).toString("latin1");

    expect(header).toContain("'descr': '<f4'");
    expect(header).toContain("'shape': (30,)");
  });

  it("begin their values at a multiple of 64 bytes, whatever the shape", () => {
    const shape = fc.array(fc.nat(9_999_999), { maxLength: 6 });

    fc.assert(
      fc.property(shape, (dimensions) => {
        expect(npyHeader("<f4", dimensions).length % 64).toBe(0);
      }),
    );
  });

  it("come back as they were", () => {
    const floats = fc.float32Array({ maxLength: 50 });

    fc.assert(
      fc.property(floats, (array) => {
        expect(decodeNpy(encodeNpy(array, [array.length]))).toEqual({ array, shape: [array.length] });
      }),
    );
  });

  it("are not written in a shape that they do not have", () => {
    const writing = () => encodeNpy(new Uint8Array(5), [2, 3]);

    expect(writing).toThrow(ClipInvalid);
  });

  it.each([
    ["with Python objects in it", npyWith("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 8)],
    ["in Fortran's order", npyWith("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2), }", 4)],
    [
      "that says it is huge",
      npyWith("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999, 9999999999), }", 4),
    ],
    ["that is too short", encodeNpy(new Uint8Array(9), [9]).subarray(0, -1)],
    ["without a header", new Uint8Array(3)],
  ])("are refused %s", (_what, bytes) => {
    const reading = () => decodeNpy(bytes);

    expect(reading).toThrow(ClipInvalid);
  });
});

describe("clips", () => {
  const zone = process.env.TZ;
  afterEach(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });

  it("come back as they were, for any number of frames", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.option(fc.integer({ min: 18, max: 55 })), (frames, ageYears) => {
        const clip = clipOf({ frames, meta: { ...META, ageYears } });

        const back = npzClipFormat.decode(npzClipFormat.encode(clip));

        expect(back.meta).toEqual(clip.meta);
        expect(back.hpi).toEqual(clip.hpi);
        expect(Buffer.compare(back.frames, clip.frames)).toBe(0);
      }),
      { numRuns: 8 },
    );
  });

  it("have the same bytes in every time zone and at every time", () => {
    const digests = ["UTC", "Pacific/Kiritimati", "America/Los_Angeles", "Africa/Monrovia"].map((timeZone) => {
      process.env.TZ = timeZone;
      return createHash("sha256")
        .update(npzClipFormat.encode(clipOf({ frames: 1 })))
        .digest("hex");
    });

    // The digest itself is held still too: another one would make every clip in a store a different clip.
    expect(new Set(digests)).toEqual(new Set([CLIP_DIGEST]));
  });

  it("have the same bytes in whatever order the meta was built", () => {
    const { ageYears, archiveDigest, cropperSha256, kind, schema } = META;

    const bytes = npzClipFormat.encode(clipOf({ meta: { ageYears, kind, cropperSha256, schema, archiveDigest } }));

    expect(Buffer.compare(bytes, npzClipFormat.encode(clipOf({})))).toBe(0);
  });

  it.each<[string, Partial<Clip>]>([
    ["no frames", { frames: new Uint8Array(0), hpi: new Float32Array(0) }],
    ["31 frames", { frames: new Uint8Array(31 * FRAME_BYTES), hpi: Float32Array.from({ length: 31 }, (_, t) => t) }],
    ["a NaN among the hpi", { hpi: new Float32Array([Number.NaN]) }],
    ["pixels of another number of frames", { frames: new Uint8Array(2 * FRAME_BYTES) }],
    ["hpi out of order", { frames: new Uint8Array(2 * FRAME_BYTES), hpi: new Float32Array([91, 90]) }],
    ["an hpi twice", { frames: new Uint8Array(2 * FRAME_BYTES), hpi: new Float32Array([90, 90]) }],
    ["an age that the models do not know", { meta: { ...META, ageYears: 70 } }],
  ])("with %s are neither written nor read", (_what, wrong) => {
    const clip = { ...clipOf({}), ...wrong };

    const writing = () => npzClipFormat.encode(clip);
    const reading = () => npzClipFormat.decode(unchecked(clip));

    expect(writing).toThrow(ClipInvalid);
    expect(reading).toThrow(ClipInvalid);
  });

  it.each<[string, (files: Record<string, Uint8Array>) => Record<string, Uint8Array>]>([
    [
      "frames of another shape",
      (f) => ({ ...f, "frames.npy": encodeNpy(new Uint8Array(FRAME_BYTES), [1, 224, 224, 3]) }),
    ],
    ["frames of floats", (f) => ({ ...f, "frames.npy": encodeNpy(new Float32Array(FRAME_BYTES), [1, 3, 224, 224]) })],
    ["hpi of bytes", (f) => ({ ...f, "hpi.npy": encodeNpy(new Uint8Array(1), [1]) })],
    ["a meta that is no JSON", (f) => ({ ...f, "meta.npy": text("{") })],
    ["a meta with a key too many", (f) => ({ ...f, "meta.npy": text(JSON.stringify({ ...META, gradingId: "g" })) })],
    ["a meta that is too long", (f) => ({ ...f, "meta.npy": text(JSON.stringify(META) + " ".repeat(5000)) })],
    ["an entry too many", (f) => ({ ...f, "more.npy": text("{}") })],
    ["no hpi", ({ "frames.npy": frames, "meta.npy": meta }) => ({ "frames.npy": frames!, "meta.npy": meta! })],
  ])("with %s are not read", (_what, change) => {
    const bytes = encodeNpz(change(filesOf(clipOf({}))));

    const reading = () => npzClipFormat.decode(bytes);

    expect(reading).toThrow(ClipInvalid);
  });

  it("are not read when they are compressed, so that no clip grows on its way in", async () => {
    const zip = await zipOf(filesOf(clipOf({})), { compress: true });

    const reading = () => npzClipFormat.decode(zip);

    expect(reading).toThrow(ClipInvalid);
  });

  it("are not read when a single pixel was altered", () => {
    const bytes = npzClipFormat.encode(clipOf({}));
    bytes[100_000] = bytes[100_000]! ^ 1;

    const reading = () => npzClipFormat.decode(bytes);

    expect(reading).toThrow(ClipInvalid);
  });

  it("end in ClipInvalid and nothing else, whatever is altered or cut off", () => {
    const small = encodeNpz({ "hpi.npy": encodeNpy(new Float32Array([90]), [1]), "meta.npy": text("{}") });
    const flips = fc.array(fc.tuple(fc.nat(small.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(flips, fc.nat(small.length), (changes, length) => {
        const damaged = Uint8Array.from(small);
        for (const [at, value] of changes) damaged[at] = value;

        for (const bytes of [damaged, damaged.subarray(0, length)]) {
          expect(() => npzClipFormat.decode(bytes)).toThrow(ClipInvalid);
          readNpz(bytes);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

const CLIP_DIGEST = "7905997f6625079a38700cdb6db465e66dd55f33721784bad66704ce950afacc";

function clipOf({ frames = 1, meta = META }: { frames?: number; meta?: ClipMeta }): Clip {
  return {
    frames: Uint8Array.from({ length: frames * FRAME_BYTES }, (_, index) => index % 251),
    hpi: Float32Array.from({ length: frames }, (_, time) => 90.25 + time),
    meta,
  };
}

function filesOf({ frames, hpi, meta }: Clip): Record<string, Uint8Array> {
  return {
    "frames.npy": encodeNpy(frames, [frames.length / FRAME_BYTES, 3, 224, 224]),
    "hpi.npy": encodeNpy(hpi, [hpi.length]),
    "meta.npy": text(JSON.stringify(meta)),
  };
}

/** What a writer without our checks would write. */
function unchecked(clip: Clip): Uint8Array {
  return encodeNpz(filesOf(clip));
}

function text(content: string): Uint8Array {
  const bytes = new TextEncoder().encode(content);
  return encodeNpy(bytes, [bytes.length]);
}

function npyWith(header: string, bytes: number): Uint8Array {
  const padded = Buffer.from(`${header.padEnd(117)}\n`);
  return Buffer.concat([Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]), padded, Buffer.alloc(bytes)]);
}

function readNpz(bytes: Uint8Array): void {
  try {
    for (const file of decodeNpz(bytes).values()) decodeNpy(file);
  } catch (error) {
    expect(error).toBeInstanceOf(ClipInvalid);
  }
}
