/**
 * A mask of an embryo's parts with what they enclose: the cavity, and whatever lies within the zona, was outlined by nobody.
 *
 * @param parts masks of 0 and 1, row by row, `width * height` each, such as ICM, TE and ZP
 * @returns 1 where any part is, and where no way leads to the picture's border without crossing one
 */
export function filledUnion(parts: readonly Uint8Array[], width: number, height: number): Uint8Array {
  const filled = new Uint8Array(width * height).fill(1);
  const isPart = (p: number) => parts.some((part) => part[p] === 1);
  const open: number[] = [];
  const visit = (x: number, y: number) => {
    if (x < 0 || x >= width || y < 0 || y >= height) return;
    const p = y * width + x;
    if (filled[p] === 0 || isPart(p)) return;
    filled[p] = 0;
    open.push(p);
  };
  for (let x = 0; x < width; x++) for (const y of [0, height - 1]) visit(x, y);
  for (let y = 0; y < height; y++) for (const x of [0, width - 1]) visit(x, y);
  for (let p = open.pop(); p !== undefined; p = open.pop()) {
    const [x, y] = [p % width, Math.floor(p / width)];
    visit(x - 1, y);
    visit(x + 1, y);
    visit(x, y - 1);
    visit(x, y + 1);
  }
  return filled;
}

/**
 * Dice coefficient of two masks of 0 and 1: twice what both have over what each has, 0 to 1.
 *
 * @returns 1 for two empty masks
 */
export function diceCoefficient(one: ArrayLike<number>, other: ArrayLike<number>): number {
  let both = 0;
  let sum = 0;
  for (let p = 0; p < one.length; p++) {
    both += one[p]! * other[p]!;
    sum += one[p]! + other[p]!;
  }
  return sum === 0 ? 1 : (2 * both) / sum;
}
