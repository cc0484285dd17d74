import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import ts from "typescript";
import { expect, it } from "vitest";

const SOLE_READER = "adapters/config/";

// The rule is about where configuration comes in; tests start processes, and hand them an environment.
const sources = globSync("{core,adapters,functions,model-container,phantom,cli,infra}/**/*.ts");

/** Lines on which a program touches the environment, by whatever spelling. */
function environmentReads(text: string): number[] {
  const file = ts.createSourceFile("source.ts", text, ts.ScriptTarget.Latest, true);
  const lines: number[] = [];
  visit(file);
  return lines;

  function visit(node: ts.Node): void {
    if (readsEnvironment(node)) lines.push(file.getLineAndCharacterOfPosition(node.getStart()).line + 1);
    ts.forEachChild(node, visit);
  }
}

function readsEnvironment(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) return isProcess(node.expression) && node.name.text === "env";
  if (ts.isElementAccessExpression(node)) return isProcess(node.expression);
  // `const { env } = process` and `const settings = process` both take the environment out of sight.
  if (ts.isVariableDeclaration(node)) return node.initializer !== undefined && isProcess(node.initializer);
  return ts.isImportDeclaration(node) && /^["'](node:)?process["']$/.test(node.moduleSpecifier.getText());
}

function isProcess(node: ts.Node): boolean {
  return node.getText() === "process" || node.getText() === "globalThis.process";
}

it("is read by the configuration adapter alone", async () => {
  const readers: string[] = [];
  for (const file of sources) {
    const lines = environmentReads(await readFile(file, "utf8"));
    readers.push(...lines.map((line) => `${file}:${line}`));
  }

  expect(sources.length).toBeGreaterThan(80);
  expect(readers.filter((reader) => !reader.startsWith(SOLE_READER))).toEqual([]);
  expect(readers.some((reader) => reader.startsWith(SOLE_READER))).toBe(true);
});

it.each([
  "const port = process.env.PORT;",
  'const port = process.env["PORT"];',
  "const port = process?.env?.PORT;",
  'const port = process["env"].PORT;',
  "const { env } = process;",
  "const settings = process;",
  "const port = globalThis.process.env.PORT;",
  'import { env } from "node:process";',
  'import process from "process";',
])("would be found in %s", (line) => {
  expect(environmentReads(`// A comment.\n${line}\n`)).toEqual([2]);
});

it.each([
  "process.exitCode = 1;",
  'const sentence = "set process.env.PORT";',
  "spawn(process.execPath, process.argv.slice(2));",
])("would not be found in %s", (line) => {
  expect(environmentReads(line)).toEqual([]);
});
