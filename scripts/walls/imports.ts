import { parseSync, Visitor } from 'oxc-parser';

/** One place where a file names another module. `specifier` is null where the name is computed at run time. */
export type Import = { specifier: string | null; line: number; typeOnly: boolean };

type Source = { type: string; value?: unknown; quasis?: { value: { cooked?: string | null } }[]; start: number };

function named(source: Source): string | null {
  if (source.type === 'Literal' && typeof source.value === 'string') return source.value;
  if (source.type === 'TemplateLiteral' && source.quasis?.length === 1) return source.quasis[0]?.value.cooked ?? null;
  return null;
}

/**
 * Every import, re-export, dynamic import, `require` and `import('…')` type of one TypeScript source.
 * `import { type X }` counts as a value: with `verbatimModuleSyntax` the import itself stays in the output.
 *
 * @throws Error when the source does not parse
 */
export function importsOf(file: string, source: string): Import[] {
  const { program, errors } = parseSync(file, source);
  if (errors[0] !== undefined) throw new Error(`${file} does not parse: ${errors[0].message}`);
  const found: Import[] = [];
  const note = (at: Source | null | undefined, typeOnly: boolean): void => {
    if (at === null || at === undefined) return;
    const line = source.slice(0, at.start).split('\n').length;
    found.push({ specifier: named(at), line, typeOnly });
  };
  new Visitor({
    ImportDeclaration: (node) => note(node.source, node.importKind === 'type'),
    ExportNamedDeclaration: (node) => note(node.source, node.exportKind === 'type'),
    ExportAllDeclaration: (node) => note(node.source, node.exportKind === 'type'),
    ImportExpression: (node) => note(node.source, false),
    TSImportType: (node) => note(node.source, true),
    CallExpression: (node) => {
      if (node.callee.type === 'Identifier' && node.callee.name === 'require') note(node.arguments[0], false);
    },
  }).visit(program);
  return found;
}
