const BLOCK = 512;
/** What the ustar header's name field holds. */
const LONGEST_NAME = 100;
const text = new TextEncoder();

/**
 * A tar of these entries, in their order. The same entries give the same bytes: dated 1970, owned by nobody.
 *
 * @throws when a name is longer than the 100 bytes of a plain tar header
 */
export function tarOf(entries: readonly { readonly name: string; readonly content: Uint8Array }[]): Uint8Array {
  const padded = (bytes: number) => Math.ceil(bytes / BLOCK) * BLOCK;
  const size = entries.reduce((sum, { content }) => sum + BLOCK + padded(content.length), 2 * BLOCK);
  const tar = new Uint8Array(size);
  let at = 0;
  for (const { name, content } of entries) {
    tar.set(header(name, content.length), at);
    tar.set(content, at + BLOCK);
    at += BLOCK + padded(content.length);
  }
  return tar;
}

function header(name: string, bytes: number): Uint8Array {
  const encoded = text.encode(name);
  if (encoded.length > LONGEST_NAME) {
    throw new Error(`${name} is a longer name than the ${LONGEST_NAME} bytes that a plain tar header takes.`);
  }
  const block = new Uint8Array(BLOCK);
  const write = (latin: string, at: number) => block.set(text.encode(latin), at);
  const octal = (value: number, at: number, digits: number) =>
    write(`${value.toString(8).padStart(digits, "0")}\0`, at);
  block.set(encoded, 0);
  octal(0o644, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(bytes, 124, 11);
  octal(0, 136, 11);
  write("        ", 148);
  write("0", 156);
  write("ustar\x0000", 257);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  write(" ", 155);
  return block;
}
