import { ClipInvalid } from "../../core/errors.ts";

export type NpyArray = Uint8Array | Float32Array;
/** numpy's names of the two element types we write: unsigned byte, little-endian float. */
export type NpyDtype = "|u1" | "<f4";

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0];
const PREAMBLE_BYTES = MAGIC.length + 2;
const ALIGNMENT = 64;
/** numpy leaves room for the first dimension to grow to this many digits. */
const GROWTH_DIGITS = 21;
const DIMENSIONS_AT_MOST = 8;

/**
 * The header of a `.npy` file, version 1.0, byte for byte as numpy writes it.
 *
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function npyHeader(dtype: NpyDtype, shape: readonly number[]): Uint8Array {
  const dimensions = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const growth = shape.length === 0 ? 0 : GROWTH_DIGITS - String(shape[0]).length;
  const text = `{'descr': '${dtype}', 'fortran_order': False, 'shape': (${dimensions}), }${" ".repeat(growth)}`;
  const unaligned = PREAMBLE_BYTES + text.length + 1;
  const padding = ALIGNMENT - (unaligned % ALIGNMENT);
  const header = Buffer.alloc(unaligned + padding, " ");
  header.set(MAGIC);
  header.writeUInt16LE(header.length - PREAMBLE_BYTES, MAGIC.length);
  header.write(text, PREAMBLE_BYTES, "latin1");
  header[header.length - 1] = 0x0a;
  return header;
}

/**
 * Writes an array as a `.npy` file, in C order.
 *
 * @example
 * const file = encodeNpy(new Float32Array([90, 91]), [2]);
 */
export function encodeNpy(array: NpyArray, shape: readonly number[]): Uint8Array {
  if (array.length !== elements(shape)) {
    throw new ClipInvalid(`An array of ${array.length} values cannot have the shape (${shape.join(", ")}).`);
  }
  const header = npyHeader(array instanceof Uint8Array ? "|u1" : "<f4", shape);
  const file = new Uint8Array(header.length + array.byteLength);
  file.set(header);
  // Every machine that Node 24 runs on is little-endian, so memory order is file order.
  file.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), header.length);
  return file;
}

/**
 * Reads a `.npy` file of bytes or floats. A byte array is a view into `bytes`, not a copy.
 *
 * @throws ClipInvalid when it is anything else, or longer or shorter than its header says
 */
export function decodeNpy(bytes: Uint8Array): { array: NpyArray; shape: number[] } {
  if (bytes.length < PREAMBLE_BYTES || !MAGIC.every((byte, index) => bytes[index] === byte)) {
    throw new ClipInvalid("An array of the clip is no .npy file of version 1.0.");
  }
  const headerEnd = PREAMBLE_BYTES + (bytes[MAGIC.length]! | (bytes[MAGIC.length + 1]! << 8));
  const text = Buffer.from(bytes.subarray(PREAMBLE_BYTES, Math.min(headerEnd, bytes.length))).toString("latin1");
  const match = /^\{'descr': '(\|u1|<f4)', 'fortran_order': False, 'shape': \(((?:\d{1,10},? ?)*)\),? \} *\n$/.exec(
    text,
  );
  if (match === null)
    throw new ClipInvalid("An array of the clip has a header that is not ours: uint8 or float32, C order.");

  const dtype = match[1] as NpyDtype;
  const shape = match[2]!
    .split(",")
    .map((dimension) => dimension.trim())
    .filter(Boolean)
    .map(Number);
  const size = elements(shape) * (dtype === "|u1" ? 1 : 4);
  if (shape.length > DIMENSIONS_AT_MOST || size !== bytes.length - headerEnd) {
    throw new ClipInvalid(
      `An array of the clip says it has the shape (${shape.join(", ")}) but holds ${bytes.length - headerEnd} bytes.`,
    );
  }
  const content = bytes.subarray(headerEnd);
  // Floats need an aligned start, which a view into a zip does not have.
  return { array: dtype === "|u1" ? content : new Float32Array(new Uint8Array(content).buffer), shape };
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}
