/** Finds the platform APIs that our source uses, from its types: members of the DOM's and JavaScript's own objects, and globals. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

export interface Use {
  /** The types to which the member belongs, e.g. `['ReadableStream']`; empty for a global. */
  readonly owners: readonly string[];
  readonly member: string;
  /** `file:line`. */
  readonly place: string;
}

/** Scripts of components; they are read as TypeScript files beside them. */
const SCRIPT = /<script[^>]*>([\s\S]*?)<\/script>/g;

/**
 * @param root folder of the project, with its tsconfig.json
 * @param folder whose files are read
 * @param planted additional files, by name, for testing the check itself
 */
export function platformUses(root: string, folder: string, planted: Record<string, string> = {}): Use[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: Record<string, unknown> };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const virtual = new Map(
    Object.entries(planted).map(([name, text]) => [join(root, folder, name), text] as const),
  );
  for (const path of ts.sys.readDirectory(join(root, folder), ['.svelte'])) {
    // Line numbers stay the same.
    const text = readFileSync(path, 'utf8');
    const kept = [...text.matchAll(SCRIPT)].map(({ index, 0: whole, 1: code }) => {
      const start = index + whole.indexOf(code!);
      return text.slice(0, start).replace(/[^\n]/g, '') + code;
    });
    kept.forEach((code, i) => virtual.set(`${path}.${i}.ts`, code));
  }
  const files = [...ts.sys.readDirectory(join(root, folder), ['.ts']), ...virtual.keys()];
  const host = ts.createCompilerHost({ ...options, noEmit: true });
  const { readFile, fileExists } = host;
  host.readFile = (path) => virtual.get(path) ?? readFile(path);
  host.fileExists = (path) => virtual.has(path) || fileExists(path);
  const program = ts.createProgram(files, { ...options, noEmit: true, skipLibCheck: true }, host);
  const checker = program.getTypeChecker();
  const uses: Use[] = [];
  for (const path of files) {
    const source = program.getSourceFile(path)!;
    const placeOf = (node: ts.Node): string =>
      `${relative(root, path)}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}`;
    const add = (node: ts.Node, member: string, owners: readonly string[]): void =>
      void uses.push({ owners, member, place: placeOf(node) });
    const visit = (node: ts.Node): void => {
      if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
      if (ts.isPropertyAccessExpression(node)) {
        const owners = declaredIn(checker.getSymbolAtLocation(node.name), program);
        if (owners.length > 0) {
          add(node.name, node.name.text, [...owners, ...namesOf(checker.getTypeAtLocation(node.expression))]);
        }
      } else if (ts.isForOfStatement(node) && node.awaitModifier) {
        add(node.expression, '@@asyncIterator', namesOf(checker.getTypeAtLocation(node.expression)));
      } else if (ts.isIdentifier(node) && isGlobal(node, checker, program)) add(node, node.text, []);
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return uses;
}

/** The library's interfaces that declare a member; MDN calls `PromiseConstructor` `Promise`. */
function declaredIn(symbol: ts.Symbol | undefined, program: ts.Program): string[] {
  return (symbol?.declarations ?? []).flatMap((declaration) => {
    if (!fromLibrary(declaration, program)) return [];
    // A static member is declared in the type of a variable: `declare var AbortSignal: { any(…): … }`.
    const parent = declaration.parent;
    const owner = ts.isTypeLiteralNode(parent) ? parent.parent : parent;
    if (!ts.isInterfaceDeclaration(owner) && !ts.isVariableDeclaration(owner)) return [];
    return [owner.name.getText().replace(/Constructor$/, '')];
  });
}

function fromLibrary(node: ts.Node, program: ts.Program): boolean {
  const file = node.getSourceFile();
  return program.isSourceFileDefaultLibrary(file) || file.fileName.includes('/@webgpu/types/');
}

/** The names of a type and of the types that it extends; for a union, those of each member. */
function namesOf(type: ts.Type): string[] {
  if (type.isUnion()) return type.types.flatMap(namesOf);
  const name = type.symbol?.name;
  const bases = type.isClassOrInterface() ? (type.getBaseTypes() ?? []) : [];
  return [...(name === undefined ? [] : [name.replace(/Constructor$/, '')]), ...bases.flatMap(namesOf)];
}

/** Whether a name is used as a value and declared by nothing of ours. */
function isGlobal(node: ts.Identifier, checker: ts.TypeChecker, program: ts.Program): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) return false;
  const declarations = checker.getSymbolAtLocation(node)?.declarations ?? [];
  return declarations.some(
    (declaration) =>
      fromLibrary(declaration, program) &&
      (ts.isVariableDeclaration(declaration) ||
        ts.isFunctionDeclaration(declaration) ||
        ts.isClassDeclaration(declaration)),
  );
}
