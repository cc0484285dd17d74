/**
 * Blurs in place with two box filters in each direction. The radius is continuous: the box's ends weigh by fraction, so
 * that defocus grows smoothly with depth. Outside the picture counts as zero.
 *
 * @param radius half width of one box in pixels, from 0
 */
export function boxBlur(
  picture: Float32Array,
  scratch: Float32Array,
  width: number,
  height: number,
  radius: number,
): void {
  if (radius < 0.05) return;
  blurRows(picture, scratch, width, height, radius);
  blurRows(scratch, picture, width, height, radius);
  blurColumns(picture, scratch, width, height, radius);
  blurColumns(scratch, picture, width, height, radius);
}

function blurRows(from: Float32Array, to: Float32Array, width: number, height: number, radius: number): void {
  const whole = Math.floor(radius);
  const part = radius - whole;
  const scale = 1 / (2 * radius + 1);
  // Zeros at both ends spare the inner loop its bounds.
  const pad = whole + 1;
  const row = new Float32Array(width + 2 * pad);
  for (let y = 0; y < height; y++) {
    const start = y * width;
    row.set(from.subarray(start, start + width), pad);
    let sum = 0;
    for (let i = 0; i < 2 * whole; i++) sum += row[i + 1]!;
    for (let x = 0; x < width; x++) {
      sum += row[x + 2 * whole + 1]!;
      to[start + x] = (sum + part * (row[x]! + row[x + 2 * whole + 2]!)) * scale;
      sum -= row[x + 1]!;
    }
  }
}

function blurColumns(from: Float32Array, to: Float32Array, width: number, height: number, radius: number): void {
  const whole = Math.floor(radius);
  const part = radius - whole;
  const scale = 1 / (2 * radius + 1);
  const sums = new Float64Array(width);
  const zeros = new Float32Array(width);
  const rowAt = (y: number) => (y < 0 || y >= height ? zeros : from.subarray(y * width, (y + 1) * width));
  for (let y = -whole; y < whole; y++) {
    const row = rowAt(y);
    for (let x = 0; x < width; x++) sums[x]! += row[x]!;
  }
  for (let y = 0; y < height; y++) {
    const entering = rowAt(y + whole);
    const leaving = rowAt(y - whole);
    const above = rowAt(y - whole - 1);
    const below = rowAt(y + whole + 1);
    const start = y * width;
    for (let x = 0; x < width; x++) {
      const sum = sums[x]! + entering[x]!;
      to[start + x] = (sum + part * (above[x]! + below[x]!)) * scale;
      sums[x] = sum - leaving[x]!;
    }
  }
}
