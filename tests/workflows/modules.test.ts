import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';
import { expect, it } from 'vitest';

const src = fileURLToPath(new URL('../../src/', import.meta.url));
const stores = ['Map', 'Set', 'WeakMap', 'WeakSet', 'Array'];

/** Names that a module could keep something in: what may be assigned again, and collections. */
function keepers(file: string, source: string): string[] {
  const statements = parseSync(file, source).program.body;
  const declared = statements.map((each) => (each.type === 'ExportNamedDeclaration' ? each.declaration : each));
  return declared.flatMap((each) => {
    if (each?.type !== 'VariableDeclaration') return [];
    return each.declarations.flatMap(({ id, init }) => {
      const made =
        init?.type === 'NewExpression' && init.callee.type === 'Identifier' && stores.includes(init.callee.name);
      return (each.kind !== 'const' || made) && id.type === 'Identifier' ? [`${file}: ${id.name}`] : [];
    });
  });
}

it('notices a module that could keep something from one release to the next', () => {
  const source = 'let last = 1;\nconst seen = new Map();\nexport const known = new Set<string>();\nconst fixed = 5;';
  expect(keepers('x.ts', source)).toEqual(['x.ts: last', 'x.ts: seen', 'x.ts: known']);
});

it.each(['workflows', 'release'])(
  'all releases of a worker share the modules of src/%s, which keep nothing',
  (room) => {
    const files = readdirSync(`${src}${room}`).filter((name) => name.endsWith('.ts'));
    expect(files.flatMap((name) => keepers(`${room}/${name}`, readFileSync(`${src}${room}/${name}`, 'utf8')))).toEqual(
      [],
    );
  },
);
