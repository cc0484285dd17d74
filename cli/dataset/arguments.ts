import { type SplitShares, USUAL_SHARES } from "./split.ts";

/** @returns null where no share was given; a share that was not is the usual one, as far as there is room for it */
export function sharesOf(validationText: string | undefined, testText: string | undefined): SplitShares | null {
  if (validationText === undefined && testText === undefined) return null;
  const given = validationText === undefined ? null : share("validation-share", validationText);
  const test = testText === undefined ? Math.min(USUAL_SHARES.test, 1 - (given ?? 0)) : share("test-share", testText);
  const validation = given ?? Math.min(USUAL_SHARES.validation, 1 - test);
  if (test + validation > 1) throw new Error("--validation-share and --test-share are more than 1 together");
  return { validation, test };
}

/** @throws for a text that is no number from 0 to 1 */
export function share(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1)) throw new Error(`--${name} wants 0 to 1, not ${text}`);
  return value;
}

/** @throws for a text that is no whole number from 1 on */
export function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name} wants a whole number from 1 on, not ${text}`);
  return value;
}
