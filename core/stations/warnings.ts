import type { Warning } from "../contracts/identifiers.ts";

/** Collects remarks and says each code once, with the number of pictures it came up in. */
export class WarningLog {
  readonly #seen = new Map<string, { detail: string; times: number }>();

  add({ code, detail }: Warning): void {
    const seen = this.#seen.get(code);
    if (seen) seen.times++;
    else this.#seen.set(code, { detail, times: 1 });
  }

  /** In the order of their first occurrence. */
  list(): Warning[] {
    return [...this.#seen].map(([code, { detail, times }]) => ({
      code,
      detail: times === 1 ? detail : `${detail} (${times} times)`,
    }));
  }
}
