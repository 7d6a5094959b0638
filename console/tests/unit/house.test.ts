// Reads the sources and fails on upward imports, cycles, long files and functions, `any`, and texts outside the text files.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const SOURCE = fileURLToPath(new URL('../../src', import.meta.url));
const FLOORS = ['math', 'state', 'layers', 'panels'];
const FILE_LINES_MAX = 600;
const FUNCTION_LINES_MAX = 70;
const TEXT_ATTRIBUTES = ['aria-label', 'title', 'placeholder', 'alt', 'label'];

const paths = (readdirSync(SOURCE, { recursive: true }) as string[]).filter((path) => /\.tsx?$/.test(path)).map((path) => join(SOURCE, path));
const files = paths.map((path) => {
  const text = readFileSync(path, 'utf8');
  return { path, name: relative(SOURCE, path), text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS) };
});

/** Every import of a file, type imports and dynamic ones included. */
function importsOf(file: (typeof files)[number]): string[] {
  return ts.preProcessFile(file.text, true, true).importedFiles.map(({ fileName }) => fileName);
}

function visit(node: ts.Node, seen: (node: ts.Node) => void): void {
  seen(node);
  ts.forEachChild(node, (child) => visit(child, seen));
}

function find(test: (node: ts.Node) => boolean, among = files): string[] {
  const found: string[] = [];
  for (const { tree, name } of among) {
    visit(tree, (node) => {
      if (test(node)) found.push(`${name}:${tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1}: ${node.getText(tree).slice(0, 80)}`);
    });
  }
  return found;
}

const linesOf = (node: ts.Node, tree: ts.SourceFile): number => tree.getLineAndCharacterOfPosition(node.end).line - tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;

describe('the house of the console', () => {
  it('has sources to read', () => expect(files.length).toBeGreaterThan(20));

  it('lets a floor import only itself and the floors below it', () => {
    const upward = files.flatMap((file) => importsOf(file).filter((target) => target.startsWith('.')).flatMap((target) => {
      const from = FLOORS.indexOf(file.name.split('/')[0] ?? '');
      const to = FLOORS.indexOf(relative(SOURCE, resolve(dirname(file.path), target)).split('/')[0] ?? '');
      return from >= 0 && to > from ? [`${file.name} imports ${target}: ${FLOORS[from]} lies below ${FLOORS[to]}`] : [];
    }));
    expect(upward).toEqual([]);
  });

  it('keeps React to the panels and Cesium to the layers', () => {
    const wrong = files.flatMap((file) => importsOf(file).filter((target) => (target.startsWith('react') && !/^(panels\/|main)/.test(file.name)) || (target === 'cesium' && !file.name.startsWith('layers/'))).map((target) => `${file.name} imports ${target}`));
    expect(wrong).toEqual([]);
  });

  it('has no cycle of imports, apart from types', () => {
    const graph = new Map(files.map((file) => [file.path.replace(/\.tsx?$/, ''), file.tree.statements
      .filter((one): one is ts.ImportDeclaration => ts.isImportDeclaration(one) && !one.importClause?.isTypeOnly)
      .map((one) => (one.moduleSpecifier as ts.StringLiteral).text).filter((target) => target.startsWith('.')).map((target) => resolve(dirname(file.path), target))]));
    const done = new Set<string>();
    const cycles: string[] = [];
    const walk = (path: string, way: readonly string[]): void => {
      if (way.includes(path)) cycles.push([...way.slice(way.indexOf(path)), path].map((one) => relative(SOURCE, one)).join(' -> '));
      if (done.has(path) || way.includes(path)) return;
      for (const next of graph.get(path) ?? []) walk(next, [...way, path]);
      done.add(path);
    };
    for (const path of graph.keys()) walk(path, []);
    expect(cycles).toEqual([]);
  });

  it('keeps files and functions short', () => {
    const long = files.filter(({ text }) => text.split('\n').length > FILE_LINES_MAX).map(({ name }) => name);
    expect([...long, ...find((node) => ts.isFunctionLike(node) && linesOf(node, node.getSourceFile()) > FUNCTION_LINES_MAX)]).toEqual([]);
  });

  it('has no any', () => expect(find((node) => node.kind === ts.SyntaxKind.AnyKeyword)).toEqual([]));

  it('begins every file by saying what it is for', () => {
    expect(files.filter(({ text }) => !text.startsWith('//') && !text.startsWith('/*')).map(({ name }) => name)).toEqual([]);
  });

  it('writes no text into panels: all of it stands in the text files', () => {
    const panels = files.filter(({ name }) => name.startsWith('panels/'));
    const isWord = (text: string): boolean => /\p{L}{2,}/u.test(text.replace(/&\w+;/g, ''));
    const shown = find((node) => {
      if (ts.isJsxText(node)) return isWord(node.text) && !node.parent.getText().startsWith('<kbd');
      if (!ts.isJsxAttribute(node) || !node.initializer || !TEXT_ATTRIBUTES.includes(node.name.getText())) return false;
      return ts.isStringLiteral(node.initializer) && isWord(node.initializer.text);
    }, panels);
    const hangul = find((node) => ts.isStringLiteralLike(node) && /\p{Script=Hangul}/u.test(node.text) && node.text !== '한국어', files.filter(({ name }) => !/^state\/(texts|data|server_sentences)\./.test(name)));
    expect([...shown, ...hangul]).toEqual([]);
  });
});
