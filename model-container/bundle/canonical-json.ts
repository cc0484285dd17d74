/**
 * One text for one value: keys sorted by code unit at every depth, no blanks, numbers as ECMAScript prints them.
 *
 * @throws TypeError for what JSON cannot say: NaN, infinities, undefined, functions
 * @example
 * canonicalJson({ b: 1, a: [true, null] }) // '{"a":[true,null],"b":1}'
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(",")}}`;
  }
  if (value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)) {
    return JSON.stringify(value);
  }
  throw new TypeError(`JSON cannot say ${String(value)}`);
}

/** `value` with its keys sorted at every depth, for a file that people read and that is the same bytes every time. */
export function withSortedKeys<Value>(value: Value): Value {
  return JSON.parse(canonicalJson(value)) as Value;
}
