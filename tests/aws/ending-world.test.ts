import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { until } from '../support/aws/hands.ts';
import { findMoto } from '../support/aws/moto.ts';
import { runSql } from '../support/postgres.ts';
import { isMissing } from '../support/tools.ts';

const moto = findMoto();
const skip = isMissing(moto) ? moto.missing : undefined;
if (skip !== undefined) console.warn(skip);

const place = (file: string): string =>
  JSON.stringify(fileURLToPath(new URL(`../support/aws/${file}`, import.meta.url)));

/** A program that starts a world with a task and a database, says where they are, and never ends. */
const program = `
import { webProgram } from ${place('programs.ts')};
import { startAws } from ${place('world.ts')};
const world = await startAws();
const image = await world.pushImage('backend', 'v1', webProgram({ version: '1.0.0' }));
await world.createService({ cluster: 'shop', name: 'backend', image: image.reference });
const { url } = await world.createDatabase('shop-db');
const { pid } = await (await fetch(await world.serviceUrl('shop', 'backend') + '/version')).json();
console.log(JSON.stringify({ url, pid, aws: world.direct.endpoint, directories: world.directories }));
setInterval(() => {}, 1000);
`;

type Said = { url: string; pid: number; aws: string; directories: string[] };

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test.skipIf(skip !== undefined)(
  'leaves no process and no file when the program that started it is killed',
  async () => {
    const words = ['--import', 'tsx', '--input-type=module', '--eval', program];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const said = await new Promise<Said>((resolve, reject) => {
        createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line) as Said));
        child.once('exit', () => reject(new Error('the program ended')));
      });
      expect(isAlive(said.pid)).toBe(true);
      expect(await runSql(said.url, 'select 1 as one')).toEqual([{ one: 1 }]);
      child.kill('SIGKILL');
      await until(async () => (isAlive(said.pid) ? null : true), 'the task to end');
      await until(
        async () =>
          await runSql(said.url, 'select 1').then(
            () => null,
            () => true,
          ),
        'the database to end',
      );
      await until(
        async () =>
          await fetch(said.aws).then(
            () => null,
            () => true,
          ),
        'AWS to end',
      );
      await until(async () => (said.directories.some((path) => existsSync(path)) ? null : true), 'the files to go');
    } finally {
      child.kill('SIGKILL');
    }
  },
  120_000,
);
