import type { JsonSchema } from './json-schema.ts';
import { checkFields } from './schema/checks.schema.ts';
import { noticeFields } from './schema/people.schema.ts';
import { targetFields } from './schema/targets.schema.ts';

const intro = `# The plan file

<!-- Made from the schemas by \`npm run docs\`; edit the descriptions there. -->

\`release.yaml\` says how one application is released to one environment. \`savepoint validate\` reports everything that is
wrong with it at once, with file, line and column. Editors that use the YAML language server check it while you type
when the file begins with

\`\`\`yaml
# yaml-language-server: $schema=../../schema/release.schema.json
\`\`\`

where the path leads to \`schema/release.schema.json\` of this package. [examples/minimal](../examples/minimal/release.yaml)
is the smallest plan that is worth having.

## How values are written

| word | is written | means |
|---|---|---|
| duration | \`300ms\`, \`10s\`, \`15m\`, \`4h\`, \`2d\` | a time, more than 0 |
| pause | like a duration, or \`0s\` | a time |
| size | \`512 KiB\`, \`10 MB\`, \`2 GiB\` | bytes |
| percentage | \`5 %\`, \`0.1 %\` | from 0 % to 100 % |
| name | small letters, digits and hyphens, first a letter, at most 40 | becomes part of ids, file and database names |
| path | \`./migrations\` | starts at the directory of the plan file |
| command | \`[npm, run, migrate]\` | program and arguments; no shell in between |

\`\${version}\` is the version that is released. \`\${env:NAME}\` is an environment variable of the worker, \`\${file:path}\` the
content of a file. \`\${aws-secret:name}\` is the current value in AWS Secrets Manager, \`\${aws-secret:name#key}\` one key of
it where it is a JSON object, \`\${aws-ssm:/path}\` a parameter of the Parameter Store; region and credentials are those of
the worker, and an ARN names its own region. All are looked up when they are used and never stored, so secrets belong into
them: a plan that holds a secret in the clear is refused. What people approve names the version of each AWS value, so a
value that was rotated since is noticed at the gate. Unknown keys are refused; keys that begin with \`x-\` are free. Anchors, aliases and \`<<\`
work as in any YAML.

A version is 1 to 40 letters, digits, dots, hyphens and underscores, begins and ends with a letter or a digit, and holds
no \`..\`, because it becomes part of ids, file and database names.
`;

const patterns: [piece: string, word: string][] = [
  ['(?=.*[1-9])\\d+(\\.\\d+)? ?(ms|s', 'duration'],
  ['^(0|\\d+', 'pause'],
  ['KiB', 'size'],
  [' ?%$', 'percentage'],
  ['{0,39}$', 'name'],
  ['https?:', 'address'],
  [':[0-5]\\d$', 'time of day'],
];

type Row = { key: string; required: boolean; schema: JsonSchema };

/** The page as Markdown: one table for the plan, one for each kind of target, check and notice. */
export function configurationPage(schema: JsonSchema): string {
  const definitions = record(schema.definitions);
  return `${[
    intro.trim(),
    `## The plan\n\nKeys in **bold** are required.\n\n${table(schema, () => true)}`,
    ...sections.flatMap((section) => sectionOf(section, definitions)),
    tries,
    ...branches(record(definitions['failure-rule'])).map((branch) => table(branch, () => true)),
  ].join('\n\n')}\n`;
}

const tries = `## Tries

Each list under an \`onFailure\` is carried out in order before the failure of the step counts. A try is one of these two:
\`retry\` at most once and first, \`ask\` at most once and last. A migration or seed by a command is retried only with
\`repeatable: true\`.`;

type Section = { title: string; prefix: string; lead: string; common: readonly string[] };

const sections: readonly Section[] = [
  {
    title: 'Targets',
    prefix: 'target',
    lead: 'Each target under `targets` has these keys and those of its kind.',
    common: ['kind', ...Object.keys(targetFields)],
  },
  {
    title: 'Checks',
    prefix: 'check',
    lead: 'Each check in a group of `checks`, in `preflight`, `verify`, `verifySeed`, `logs`, `smoke`, `monitoring`, `watch.checks` and `watch.throughout.checks` has these keys and those of its kind. [checks.md](checks.md) shows each kind in a few lines.',
    common: ['kind', ...Object.keys(checkFields)],
  },
  {
    title: 'Notices',
    prefix: 'notice',
    lead: 'Each entry under `notify` has these keys and those of its kind.',
    common: ['kind', ...Object.keys(noticeFields)],
  },
];

function sectionOf({ title, prefix, lead, common }: Section, definitions: JsonSchema): string[] {
  const kinds = Object.entries(definitions).filter(([name]) => name.startsWith(`${prefix}-`));
  const isCommon = (key: string): boolean => common.includes(key.split('.')[0] ?? '');
  const first = record(kinds[0]?.[1]);
  // In the table of every kind, `kind` is not one kind but the choice between them.
  const names = kinds.map(([name]) => name.slice(prefix.length + 1));
  const kind = { enum: names, description: `Kind of ${prefix}.` };
  const every = { ...first, properties: { ...record(first.properties), kind } };
  return [
    `## ${title}`,
    lead,
    table(every, isCommon),
    ...kinds.map(([, each], index) => {
      const schema = record(each);
      const isOwn = (key: string): boolean => !isCommon(key) || isReplaced(key.split('.')[0] ?? '', schema, first);
      return `### \`${names[index]}\`\n\n${table(schema, isOwn)}`;
    }),
  ];
}

/** A kind may have a field of its own under a common name. */
function isReplaced(name: string, own: JsonSchema, first: JsonSchema): boolean {
  const meaningOf = (schema: JsonSchema): unknown => record(record(schema.properties)[name]).description;
  return name !== 'kind' && meaningOf(own) !== meaningOf(first);
}

function table(schema: JsonSchema, wanted: (key: string) => boolean): string {
  const rows = rowsOf(schema, '').filter(({ key }) => wanted(key));
  const lines = rows.map(({ key, required, schema: field }) => {
    const name = required ? `**\`${key}\`**` : `\`${key}\``;
    return `| ${[name, typeOf(field), defaultOf(field), meaning(field)].map(cell).join(' | ')} |`;
  });
  return ['| key | is | default | means |', '|---|---|---|---|', ...lines].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** Every key below a schema, nested ones with their path; other kinds have tables of their own. */
function rowsOf(schema: JsonSchema, prefix: string): Row[] {
  const required = Array.isArray(schema.required) ? schema.required.map(String) : [];
  return Object.entries(record(schema.properties)).flatMap(([key, value]) => {
    const field = record(value);
    const path = `${prefix}${key}`;
    return [{ key: path, required: required.includes(key), schema: field }, ...rowsBelow(field, path)];
  });
}

function rowsBelow(field: JsonSchema, path: string): Row[] {
  if (path.endsWith('performance.requests')) return shortened(record(field.items), `${path}[].`);
  if (path.endsWith('watch.probe')) return shortened(field, `${path}.`);
  if (field.properties !== undefined) return rowsOf(field, `${path}.`);
  if (field.items !== undefined) return rowsBelow(record(field.items), `${path}[]`);
  const named = record(field.additionalProperties);
  if (Object.keys(named).length > 0) return rowsBelow(named, `${path}.<name>`);
  return branches(field).flatMap((branch) => rowsBelow(branch, path));
}

/** Keys that come from the `http` check are explained there. */
function shortened(field: JsonSchema, prefix: string): Row[] {
  const own = ['name', 'samples', 'every', 'errors', 'p50', 'p95', 'p99', 'baseline'];
  return rowsOf(field, prefix).filter(({ key }) => own.includes(key.slice(prefix.length).split('.')[0] ?? ''));
}

function branches(field: JsonSchema): JsonSchema[] {
  const listed = field.anyOf ?? field.oneOf ?? field.allOf;
  return Array.isArray(listed) ? listed.map(record) : [];
}

function typeOf(field: JsonSchema): string {
  if (typeof field.$ref === 'string') return referenced(field.$ref);
  if (Array.isArray(field.enum)) return field.enum.map((value) => `\`${String(value)}\``).join(' or ');
  if (field.const !== undefined) return `\`${String(field.const)}\``;
  const parts = branches(field);
  if (parts.length > 0) {
    const words = parts.filter(({ type }) => type !== 'null').map(typeOf);
    return [...new Set(words.flatMap((word) => word.split(' or ')))].join(' or ');
  }
  if (Array.isArray(field.type)) return field.type.map((type) => typeOf({ type })).join(' or ');
  return plainType(field);
}

function plainType(field: JsonSchema): string {
  switch (field.type) {
    case 'string':
      return patterns.find(([piece]) => String(field.pattern ?? '').includes(piece))?.[1] ?? 'text';
    case 'integer':
      return 'whole number';
    case 'boolean':
      return '`true` or `false`';
    case 'array':
      return `list of ${typeOf(record(field.items))}`;
    case 'object':
      return 'mapping';
    default:
      return typeof field.type === 'string' ? field.type : 'any value';
  }
}

function referenced(reference: string): string {
  const name = reference.replace('#/definitions/', '');
  if (name === 'check') return '[check](#checks)';
  if (name === 'failure-rule') return '[try](#tries)';
  const prefix = name.split('-')[0] ?? '';
  const anchors: Record<string, string> = {
    target: '[target](#targets)',
    check: '[check](#checks)',
    notice: '[notice](#notices)',
  };
  return anchors[prefix] ?? 'any value';
}

function defaultOf(field: JsonSchema): string {
  const value = field.default;
  if (value === undefined || value === null) return '';
  if (typeof value === 'object' && Object.keys(value).length === 0) return 'none';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

/** A default that has its column is not said again. */
function meaning(field: JsonSchema): string {
  const text = String(field.description ?? '');
  return defaultOf(field) === '' ? text : text.replace(/[.,;]? ?[Dd]efault [^.;,]*\.?$/, '');
}

function record(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
