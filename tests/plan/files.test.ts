import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPlan } from '../../src/plan/load.ts';
import { load, said, shop, shopWith } from './plans.ts';

let home = '';

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'savepoint-plan-'));
});

afterAll(async () => {
  await rm(home, { recursive: true });
});

async function saidOf(file: string, version = 'v2'): Promise<string[]> {
  return said(await loadPlan(join(home, file), version, { host: 'here' }));
}

describe('A file that is no plan is refused, and says what to do', () => {
  it('when it does not exist', async () => {
    expect(await saidOf('nothing.yaml')).toEqual(['nothing.yaml: does not exist; write one with `savepoint init`']);
  });

  it('when it is a directory', async () => {
    await mkdir(join(home, 'folder.yaml'));
    expect(await saidOf('folder.yaml')).toEqual([
      'folder.yaml: is a directory; name the plan file in it, such as release.yaml',
    ]);
  });

  it.each([
    ['empty', ''],
    ['blank', '\n\n'],
    ['only a comment', '# later\n'],
    ['an empty document', '---\n'],
  ])('when it is %s', async (_what, content) => {
    expect(said(await load(content))).toEqual(['release.yaml: is empty; write one with `savepoint init`']);
  });

  it('when it is not UTF-8', async () => {
    const content = Uint8Array.from([...Buffer.from('application: caf'), 0xe9, 0x0a]);
    expect(said(await load(content))).toEqual(['release.yaml: is not UTF-8; save it as UTF-8 text']);
  });

  it('when it is a list', async () => {
    expect(said(await load('- shop\n'))).toEqual(['release.yaml:1:1: must be a mapping of keys and values']);
  });
});

describe('A version that cannot be used is refused together with everything else', () => {
  it.each(['', '../v2', 'v 2', '-v2', 'v2.', 'v..2', 'a'.repeat(41), 'v2/x', "v2'"])('%j', async (version) => {
    const rule =
      'cannot be a version: it must be 1 to 40 letters, digits, dots, hyphens and underscores, begin and end with a letter or a digit, and not contain ".."';
    const result = await load(shopWith(['environment:', 'enviroment:']), { version });
    expect(said(result)).toEqual([
      `release.yaml: ${JSON.stringify(version)} ${rule}`,
      'release.yaml:2:1: enviroment: unknown key; did you mean "environment"?',
    ]);
  });

  it.each(['v2', '1.0.0', '2026-03-07_1', 'a', 'a'.repeat(40)])('and %s can be used', async (version) => {
    expect(await load(shop, { version })).toHaveProperty('plan');
  });
});

describe('Everything that a plan refers to must be there', () => {
  it('names each source and migration that is missing, for this version', async () => {
    await mkdir(join(home, 'versions/v2/migrations'), { recursive: true });
    await writeFile(join(home, 'release.yaml'), shop);
    expect(await saidOf('release.yaml')).toEqual([
      'release.yaml:23:13: targets.backend.source: there is no directory ./versions/v2/backend; paths start at the directory of the plan file',
    ]);
    expect(await saidOf('release.yaml', 'v3')).toEqual([
      'release.yaml:16:27: targets.database.migrate.directory: there is no directory ./versions/v3/migrations; paths start at the directory of the plan file',
      'release.yaml:23:13: targets.backend.source: there is no directory ./versions/v3/backend; paths start at the directory of the plan file',
    ]);
  });

  it('tells a file from a directory', async () => {
    await writeFile(join(home, 'versions/v2/backend'), 'a file');
    await writeFile(join(home, 'release.yaml'), shop);
    expect(await saidOf('release.yaml')).toEqual([
      'release.yaml:23:13: targets.backend.source: ./versions/v2/backend is not a directory; paths start at the directory of the plan file',
    ]);
  });
});

describe('All problems come at once, in the order of the file', () => {
  it('schema, rules, references, secrets and files together', async () => {
    const content = shopWith(
      ['application: shop', 'applicaton: shop'],
      ['deciders: [product-owner]', 'deciders: [product-onwer]'],
      ['${env:SHOP_ADMIN_URL}', 'postgres://admin:hunter2@127.0.0.1/shop'],
      ['    root: ./run/backend', '    root: ./run/${run}'],
      ['writers: [backend]', 'writers: [backed]'],
    );
    await writeFile(join(home, 'many.yaml'), content);
    const lines = await saidOf('many.yaml', 'v9');
    expect(lines).toEqual([
      'many.yaml:1:1: applicaton: unknown key; did you mean "application"?',
      'many.yaml:7:26: gates.go-no-go.deciders[0]: nobody in people is called product-onwer; did you mean "product-owner"?',
      'many.yaml:14:10: targets.database.url: a password in an address is written in the clear; use ${env:NAME} or ${file:path}',
      'many.yaml:15:15: targets.database.writers[0]: no target is called backed; did you mean "backend"?',
      'many.yaml:16:27: targets.database.migrate.directory: there is no directory ./versions/v9/migrations; paths start at the directory of the plan file',
      'many.yaml:22:11: targets.backend.root: ${run} has a value in checks only; use it in a check, or ${version} here',
      'many.yaml:23:13: targets.backend.source: there is no directory ./versions/v9/backend; paths start at the directory of the plan file',
    ]);
    expect(lines.join('\n')).not.toContain('hunter2');
  });
});
