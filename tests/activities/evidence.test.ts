import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { keepingEvidence } from '../../src/activities/evidence.ts';
import type { Place } from '../../src/activities/inputs.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'savepoint-evidence-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function order(name: string, records = folder, attempt = 1) {
  const place: Place = {
    application: 'shop',
    environment: 'production',
    version: 'v2',
    home: folder,
    records,
    release: '019aa8f2-1111-7000-8000-00000abcdef1',
    references: [],
  };
  return { place, name, attempt, head: { what: name }, summaryOf: (result: number) => ({ result }) };
}

const recordOf = (name: string): string => `shop/production/evidence/0abcdef1/${name}`;

async function lines(record: string): Promise<unknown[]> {
  const text = await readFile(join(folder, record), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

it('keeps every line between what was measured and what came of it', async () => {
  const { result, kept } = await keepingEvidence(order('watch'), async (add) => {
    for (let at = 0; at < 3; at += 1) add({ at });
    return 7;
  });
  expect(result).toBe(7);
  expect(kept).toEqual({ record: recordOf('watch.1.ndjson') });
  const head = { schemaVersion: 1, attempt: 1, what: 'watch' };
  expect(await lines(recordOf('watch.1.ndjson'))).toEqual([
    head,
    { at: 0 },
    { at: 1 },
    { at: 2 },
    { summary: { result: 7 } },
  ]);
});

it('writes while it goes on, so that a worker that is killed loses a second', async () => {
  let go: (value: number) => void = () => undefined;
  const work = keepingEvidence(order('slow'), async (add) => {
    add({ at: 0 });
    return await new Promise<number>((resolve) => {
      go = resolve;
    });
  });
  await vi.waitFor(async () => expect(await lines(recordOf('slow.1.ndjson'))).toContainEqual({ at: 0 }), 5_000);
  go(1);
  await work;
});

it('keeps what was seen where the work fails, and no summary', async () => {
  const failing = keepingEvidence(order('failing'), async (add) => {
    add({ at: 0 });
    throw new Error('cut off');
  });
  await expect(failing).rejects.toThrow('cut off');
  expect(await lines(recordOf('failing.1.ndjson'))).toEqual([
    { schemaVersion: 1, attempt: 1, what: 'failing' },
    { at: 0 },
  ]);
});

it('goes on where the folder cannot be written, and says why without naming it', async () => {
  const file = join(folder, 'a-file');
  await writeFile(file, '');
  const { result, kept } = await keepingEvidence(order('watch', file), async (add) => {
    add({ at: 0 });
    return 7;
  });
  expect(result).toBe(7);
  expect(kept).toEqual({ notKept: 'the records folder cannot be written: ENOTDIR' });
});

it('does not write into the file of the attempt before', async () => {
  await keepingEvidence(order('watch', folder, 2), async () => 8);
  expect(await lines(recordOf('watch.1.ndjson'))).toContainEqual({ summary: { result: 7 } });
  expect(await lines(recordOf('watch.2.ndjson'))).toContainEqual({ summary: { result: 8 } });
});
