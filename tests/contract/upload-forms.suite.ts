import { describe, expect, it } from "vitest";
import type { UploadForm, UploadForms } from "../../core/ports.ts";

export interface UploadFormsUnderTest {
  readonly forms: UploadForms;
  /** Sends the fields, then the file, as a browser does. @returns whether the file was taken */
  post(form: UploadForm, file: Uint8Array): Promise<boolean>;
  /** What lies under a key now. */
  stored(key: string): Promise<Uint8Array | null>;
  now(): Date;
  passSeconds(seconds: number): Promise<void>;
}

const KEY = "uploads/north/1.zip";

/** What every maker of upload forms does, together with the store that receives them. */
export function uploadFormsSuite(name: string, open: () => Promise<UploadFormsUnderTest>) {
  describe(name, () => {
    it("takes a file of an allowed size, both ends included", async () => {
      const { forms, post, stored } = await open();
      const form = await forms.presign(KEY, { min: 2, max: 4 });

      const taken = [await post(form, Uint8Array.of(1, 2)), await post(form, Uint8Array.of(1, 2, 3, 4))];

      expect(taken).toEqual([true, true]);
      expect(await stored(KEY)).toEqual(Uint8Array.of(1, 2, 3, 4));
    });

    it.each([1, 5])("refuses a file of %d bytes where 2 to 4 are allowed, and stores nothing", async (size) => {
      const { forms, post, stored } = await open();
      const form = await forms.presign(KEY, { min: 2, max: 4 });

      const taken = await post(form, new Uint8Array(size));

      expect(taken).toBe(false);
      expect(await stored(KEY)).toBeNull();
    });

    it("takes a file without bytes where that is allowed", async () => {
      const { forms, post, stored } = await open();

      const taken = await post(await forms.presign(KEY, { min: 0, max: 4 }), new Uint8Array(0));

      expect(taken).toBe(true);
      expect(await stored(KEY)).toEqual(new Uint8Array(0));
    });

    it("stores the bytes as they are, also where they look like the form's own", async () => {
      const { forms, post, stored } = await open();
      const file = new TextEncoder().encode(
        '\r\n--boundary\r\nContent-Disposition: form-data; name="key"\r\n\r\nx\r\n--\r\n',
      );

      await post(await forms.presign(KEY, { min: 0, max: 1000 }), file);

      expect(await stored(KEY)).toEqual(file);
    });

    it("refuses a form that has expired", async () => {
      const { forms, post, stored, now, passSeconds } = await open();
      const form = await forms.presign(KEY, { min: 0, max: 10 });

      await passSeconds((Date.parse(form.expiresAt) - now().getTime()) / 1000 + 1);
      const taken = await post(form, Uint8Array.of(1));

      expect(taken).toBe(false);
      expect(await stored(KEY)).toBeNull();
    });

    it("refuses a form whose key, or any other field, was changed", async () => {
      const { forms, post, stored } = await open();
      const form = await forms.presign(KEY, { min: 0, max: 10 });
      const other = await forms.presign("uploads/south/2.zip", { min: 0, max: 1000 });

      const taken: boolean[] = [];
      for (const field of Object.keys(form.fields).filter((field) => form.fields[field] !== other.fields[field])) {
        const changed = { ...form, fields: { ...form.fields, [field]: other.fields[field] ?? "" } };
        taken.push(await post(changed, Uint8Array.of(1)));
      }

      expect(taken.length).toBeGreaterThanOrEqual(3);
      expect(taken).not.toContain(true);
      expect(await stored(KEY)).toBeNull();
      expect(await stored("uploads/south/2.zip")).toBeNull();
    });

    it("refuses a form that lacks one of its fields", async () => {
      const { forms, post, stored } = await open();
      const form = await forms.presign(KEY, { min: 0, max: 10 });

      const taken: boolean[] = [];
      for (const left of Object.keys(form.fields)) {
        const fields = Object.fromEntries(Object.entries(form.fields).filter(([name]) => name !== left));
        taken.push(await post({ ...form, fields }, Uint8Array.of(1)));
      }

      expect(taken).not.toContain(true);
      expect(await stored(KEY)).toBeNull();
    });
  });
}
