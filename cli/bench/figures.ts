/** A figure as it is printed: four significant digits, since nothing here is known better. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** @throws RangeError for a ratio that says nothing */
export function ratio(ours: number, theirs: number): number {
  const quotient = ours / theirs;
  if (!Number.isFinite(quotient)) throw new RangeError(`${ours} to ${theirs} is no ratio`);
  return rounded(quotient);
}

/** The same function of every value of an object. */
export function mapValues<Key extends string, From, To>(
  object: Readonly<Record<Key, From>>,
  to: (value: From, key: Key) => To,
): Record<Key, To> {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, to(value as From, key as Key)]),
  ) as Record<Key, To>;
}

const MIB = 2 ** 20;

export function mebibytes(bytes: number): number {
  return rounded(bytes / MIB);
}
