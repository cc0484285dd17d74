import { z } from "zod";

/**
 * A whole number as text, as options and environment variables have it.
 *
 * @param min at least 0
 * @param max at most 999,999,999
 */
export function wholeNumber(min: number, max: number) {
  const sentence = `has to be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^[0-9]{1,9}$/, sentence)
    .transform(Number)
    .refine((number) => number >= min && number <= max, sentence);
}
