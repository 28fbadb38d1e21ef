/**
 * What a room may import besides its own files. `rooms` and `typesOf` name rooms or the corners of `corners`;
 * `typesOf` allows `import type` only. `packages` names npm packages; 'any' leaves out what `never` names.
 */
export type Room = {
  rooms: readonly string[];
  typesOf?: readonly string[];
  packages: readonly string[] | 'any';
  node: boolean;
};

/** Parts of rooms with a door of their own: the first pattern that matches a path below `src` names the corner. */
export const corners: readonly { name: string; matches: RegExp }[] = [
  { name: 'schema', matches: /\.schema\.ts$/ },
  { name: 'messages', matches: /^workflows\/messages\.ts$/ },
  { name: 'shell', matches: /^targets\/shell\// },
];

const temporalWords = ['@temporalio/workflow', '@temporalio/common'];

/** The only place that says who may import whom; docs/architecture.md explains why. */
export const rooms: Readonly<Record<string, Room>> = {
  release: { rooms: [], packages: [], node: false },
  schema: { rooms: ['release'], packages: ['zod', 'ms'], node: false },
  plan: { rooms: ['release', 'schema'], packages: ['zod', 'yaml', 'ms', 'fastest-levenshtein'], node: true },
  report: { rooms: ['release'], packages: [], node: false },
  aws: { rooms: ['release'], typesOf: ['schema'], packages: 'any', node: true },
  targets: { rooms: ['release', 'shell', 'aws'], typesOf: ['schema'], packages: 'any', node: true },
  shell: { rooms: ['release', 'schema'], packages: 'any', node: true },
  checks: { rooms: ['release', 'shell', 'aws'], typesOf: ['schema'], packages: 'any', node: true },
  performance: { rooms: ['release', 'checks', 'shell'], typesOf: ['schema'], packages: 'any', node: true },
  notices: { rooms: ['release', 'shell'], typesOf: ['schema'], packages: 'any', node: true },
  secrets: { rooms: ['release', 'aws'], packages: 'any', node: true },
  messages: { rooms: ['release'], packages: temporalWords, node: false },
  workflows: { rooms: ['release', 'messages'], typesOf: ['activities'], packages: temporalWords, node: false },
  activities: {
    rooms: ['release', 'targets', 'checks', 'performance', 'notices', 'secrets', 'report', 'schema'],
    packages: [
      '@temporalio/activity',
      '@temporalio/client',
      '@temporalio/common',
      'hdr-histogram-js',
      'luxon',
      'undici',
    ],
    node: true,
  },
  client: {
    rooms: ['release', 'messages'],
    packages: ['@temporalio/client', '@temporalio/common', '@temporalio/envconfig', '@temporalio/proto'],
    node: true,
  },
  dev: { rooms: ['client', 'plan', 'release', 'report', 'worker'], packages: 'any', node: true },
  cli: {
    rooms: ['plan', 'release', 'report', 'client', 'dev', 'checks', 'targets', 'secrets', 'aws', 'worker', 'schema'],
    packages: 'any',
    node: true,
  },
  worker: {
    rooms:
      'release,plan,report,targets,aws,shell,checks,performance,notices,secrets,activities,client,messages,schema'.split(
        ',',
      ),
    packages: 'any',
    node: true,
  },
};

/** Packages that 'any' does not cover: where they may be used is part of the design. */
export const never: Readonly<Record<string, readonly RegExp[]>> = {
  targets: [/^@temporalio\//, /^zod$/],
  aws: [/^@temporalio\//, /^zod$/],
  shell: [/^@temporalio\//, /^zod$/],
  checks: [/^@temporalio\//, /^zod$/],
  performance: [/^@temporalio\//, /^zod$/],
  notices: [/^@temporalio\//, /^zod$/],
  secrets: [/^@temporalio\//, /^zod$/],
  cli: [/^@temporalio\//, /^zod$/],
  dev: [/^@temporalio\/client$/, /^zod$/],
};
