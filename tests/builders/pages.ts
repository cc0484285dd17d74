/** Every tag that opens is closed in its place, and nothing is left that no XML reader takes. */
export function tagsLeftOpen(page: string): string[] {
  const open: string[] = [];
  const text = page.replace("<!DOCTYPE html>", "").replace(/<style>[^<]*<\/style>/, "");
  for (const [tag, end, name, empty] of text.matchAll(/<(\/?)([a-z][a-z0-9]*)(?: [a-zA-Z0-9:-]+="[^"<]*")*(\/?)>/g)) {
    if (empty === "/") continue;
    if (end !== "/") open.push(name!);
    else if (open.pop() !== name) return [`${tag} closes nothing`];
  }
  const strays = text
    .replaceAll(/<\/?[a-z][a-z0-9]*(?: [a-zA-Z0-9:-]+="[^"<]*")*\/?>/g, "")
    .match(/[<>]|&(?!(amp|lt|gt|quot|#39);)/g);
  return [...open, ...(strays ?? [])];
}
