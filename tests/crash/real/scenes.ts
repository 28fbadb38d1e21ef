import type { StartOptions } from '../../support/world.ts';
import type { VersionContent } from '../../support/world-versions.ts';
import type { Struck } from '../points.ts';

/**
 * One story over PostgreSQL, a process and a site. Users order all the time. `whenStruck`: the other right ending: a command
 * that went on without its worker cannot be asked what it did, so it is neither believed nor run again.
 */
export type RealScene = Struck & {
  v2: VersionContent;
  options?: StartOptions;
  whenStruck?: Pick<Struck, 'outcome' | 'back'>;
};

const note = 'alter table items add column note text;';

/** Takes a moment, so that something can happen in the middle of it; what it does is one transaction. */
const program = `
const { default: pg } = await import('pg');
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
await client.query('begin; ${note} select pg_sleep(2); commit;');
await client.end();
`;

export const realScenes: readonly RealScene[] = [
  {
    name: 'real, rows carried over',
    outcome: 'rolled-back',
    strikes: 'way back',
    back: ['database'],
    // It is half done, and what is done cannot be undone by the server.
    v2: { migrations: { '0002_half.sql': `-- savepoint: no-transaction\n${note} select 1 / 0;` } },
  },
  {
    name: 'real, all back',
    outcome: 'rolled-back',
    strikes: 'everywhere',
    back: ['frontend', 'backend', 'database'],
    v2: { migrations: { '0002_note.sql': `${note} select pg_sleep(1);` }, service: { empty: true } },
    options: { compatibility: 'breaking' },
  },
  {
    name: 'real, migrated by a command',
    outcome: 'released',
    strikes: 'everywhere',
    back: [],
    whenStruck: { outcome: 'rolled-back', back: ['database'] },
    v2: {},
    options: { migrate: { command: ['node', '--input-type=module', '--eval', program] } },
  },
];
