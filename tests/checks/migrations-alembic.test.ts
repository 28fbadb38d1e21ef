import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { migrationsSchema } from '../../src/checks/migrations/migrations.schema.ts';
import { migrations } from '../../src/checks/migrations/migrations.ts';
import { type AlembicCommand, findAlembic, runAlembic } from '../support/alembic/alembic.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { isMissing } from '../support/tools.ts';
import { asking } from './asking.ts';

const tool = findAlembic();
const skip = isMissing(tool) ? tool.missing : undefined;
if (skip !== undefined) console.warn(skip);

let server: Postgres;
let home: string;
beforeAll(async () => {
  if (skip !== undefined) return;
  server = await startPostgres();
  home = await mkdtemp(join(tmpdir(), 'savepoint-alembic-'));
}, 60_000);
afterAll(async () => {
  await server?.stop();
  if (home !== undefined) await rm(home, { recursive: true, force: true });
});

type Written = Partial<z.input<typeof migrationsSchema>>;

const ask = (written: Written = {}) =>
  migrations.ask(asking(migrationsSchema.parse({ tool: 'alembic', url: server.url(), ...written }), { home }));
const alembic = (...commands: AlembicCommand[]) => runAlembic(home, server.url(), commands);

/** Of the file that alembic wrote for a message. */
async function revisionOf(message: string): Promise<string> {
  const names = await readdir(join(home, 'alembic/versions'));
  return names.find((name) => name.endsWith(`_${message}.py`))?.split('_')[0] ?? '';
}

describe.skipIf(skip !== undefined)('MF-02 migrations that alembic itself made and ran', () => {
  it('are judged as it goes up, down and apart', async () => {
    const revisions: AlembicCommand[] = ['users', 'orders'].map((message) => ['revision', message]);
    await alembic(['init', join(home, 'alembic')], ...revisions, ['upgrade', 'head']);
    const [users, orders] = [await revisionOf('users'), await revisionOf('orders')];
    expect(await ask({ expect: { head: orders } })).toMatchObject({ status: 'PASS' });

    await alembic(['downgrade', '-1']);
    expect(await ask()).toMatchObject({ status: 'FAIL', summary: `1 of 2 migrations are pending: ${orders}_orders` });
    expect(await ask({ expect: { head: users }, pending: 'allowed' })).toMatchObject({ status: 'PASS' });

    // Two people made a revision after the same one; then somebody merged them.
    await alembic(['revision', 'mails', false, false, users, true], ['upgrade', 'heads']);
    expect(await ask()).toMatchObject({ status: 'WARN', summary: expect.stringContaining('2 heads') });
    await alembic(['merge', 'heads', 'together'], ['upgrade', 'head']);
    expect(await ask()).toMatchObject({ status: 'PASS', summary: 'all 4 migrations of alembic/versions are applied' });

    await rm(join(home, 'alembic/versions', `${await revisionOf('together')}_together.py`));
    await expect(alembic(['upgrade', 'heads'])).rejects.toThrow("Can't locate revision");
    expect(await ask({ pending: 'allowed' })).toMatchObject({ status: 'FAIL' });
  }, 60_000);
});
