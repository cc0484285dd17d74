const BLOCK = 512;
/** What the ustar header's name field holds. */
const LONGEST_NAME = 100;

/**
 * A tar of these entries, in their order. The same entries give the same bytes: dated 1970, owned by nobody.
 *
 * @throws when a name is longer than the 100 bytes of a plain tar header
 */
export function tarOf(entries: readonly { readonly name: string; readonly content: Uint8Array }[]): Buffer {
  const parts = entries.flatMap(({ name, content }) => {
    const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
    return [header(name, content.length), content, padding];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function header(name: string, bytes: number): Buffer {
  if (Buffer.byteLength(name) > LONGEST_NAME) {
    throw new Error(`${name} is a longer name than the ${LONGEST_NAME} bytes that a training shard takes.`);
  }
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, digits: number) =>
    block.write(`${value.toString(8).padStart(digits, "0")}\0`, at, "latin1");
  block.write(name, 0, "utf8");
  octal(0o644, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(bytes, 124, 11);
  octal(0, 136, 11);
  block.write("        ", 148, "latin1");
  block.write("0", 156, "latin1");
  block.write("ustar\x0000", 257, "latin1");
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  block.write(" ", 155, "latin1");
  return block;
}
