import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { attestSchema } from '../../src/checks/attest/attest.schema.ts';
import { attest } from '../../src/checks/attest/attest.ts';
import { type Attestation, writeAttestation } from '../../src/checks/attest/attestation.ts';
import { asking } from './asking.ts';

const spec = attestSchema.parse({ statement: 'Support knows', by: ['product-owner'], maxAge: '1h' });
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const stated: Attestation = { statement: 'Support knows', by: 'product-owner', version: 'v2', at: ago(5), holds: true };

describe('attest', () => {
  let records = '';
  beforeEach(async () => {
    records = await mkdtemp(join(tmpdir(), 'savepoint-records-'));
  });
  afterEach(() => rm(records, { recursive: true, force: true }));
  const ask = () => attest.ask(asking(spec, { records }));

  test('is PENDING until somebody states it, and says how', async () => {
    const answer = await ask();
    expect(answer).toMatchObject({ status: 'PENDING', summary: 'nobody has attested yet: Support knows' });
    expect(answer.remedy).toContain("states it with: savepoint attest 'Support knows' --version v2 --by product-owner");
    expect(await attest.ask(asking(spec))).toMatchObject({ status: 'PENDING' });
  });

  test.each<[string, Partial<Attestation>, string]>([
    ['somebody else', { by: 'developer' }, 'developer is not among those who may attest it'],
    ['another version', { version: 'v1' }, 'product-owner attested it for v1'],
    ['long ago', { at: ago(90) }, 'too old or in the future'],
    ['the future', { at: ago(-30) }, 'too old or in the future'],
    ['another statement', { statement: 'Support sleeps' }, ''],
  ])('stays PENDING for a statement of %s', async (_name, change, evidence) => {
    await writeAttestation(records, { ...stated, ...change });
    const answer = await ask();
    expect(answer.status).toBe('PENDING');
    expect(answer.evidence).toContain(evidence);
  });

  test('passes once a named person states it, and shows who and when', async () => {
    await writeAttestation(records, { ...stated, note: 'mail of this morning' });
    expect(await ask()).toEqual({
      status: 'PASS',
      summary: 'product-owner attests: Support knows',
      evidence: `product-owner at ${stated.at}: mail of this morning`,
    });
    expect((await readdir(join(records, 'attestations'))).every((name) => name.endsWith('.json'))).toBe(true);
  });

  test('fails when the newest statement says no', async () => {
    await writeAttestation(records, stated);
    await writeAttestation(records, { ...stated, at: ago(1), holds: false });
    expect(await ask()).toMatchObject({ status: 'FAIL', remedy: expect.any(String) });
  });

  test('reads a file that was written by hand and passes over what is none', async () => {
    const folder = join(records, 'attestations');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'notes.txt'), 'no statement');
    await writeFile(join(folder, 'broken.json'), '{');
    await writeFile(join(folder, 'other.json'), '[1]');
    const { statement, by, version, at } = stated;
    await writeFile(join(folder, 'mine.json'), JSON.stringify({ statement, by, version, at }));
    expect(await ask()).toMatchObject({ status: 'PASS' });
  });
});
