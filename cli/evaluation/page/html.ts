/** Text that is HTML already; {@link html} puts it in as it is. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Piece = string | number | Markup | readonly Markup[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Makes markup from a template; everything that is put in is escaped, unless it is markup itself.
 *
 * @throws RangeError for a number that is not finite: what cannot be measured is said in words, never shown as NaN
 * @example
 * html`<td>${"A & B"}</td>`.text // "<td>A &amp; B</td>"
 */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  return new Markup(strings.reduce((text, part, n) => text + pieceText(pieces[n - 1]!) + part));
}

/** Markup after markup. */
export function joined(pieces: readonly Markup[], between = ""): Markup {
  return new Markup(pieces.map(({ text }) => text).join(between));
}

export const NOTHING = new Markup("");

function pieceText(piece: Piece): string {
  if (piece instanceof Markup) return piece.text;
  if (typeof piece === "number") {
    if (!Number.isFinite(piece)) throw new RangeError(`${piece} is no number to show`);
    return String(piece);
  }
  if (typeof piece === "string") return escaped(piece);
  return joined(piece).text;
}

// Characters that XML 1.0 forbids can stand in a file's name; a page with one of them is not well-formed.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!).replace(FORBIDDEN, "\ufffd");
}
