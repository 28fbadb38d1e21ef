import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandSchema } from '../../src/notices/command.schema.ts';
import { command } from '../../src/notices/command.ts';
import { quiet } from '../checks/asking.ts';
import { message } from './message.ts';

describe('command notice', () => {
  let home = '';
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'savepoint-notice-'));
  });
  afterAll(() => rm(home, { recursive: true, force: true }));
  const tell = (script: string, more = {}) => {
    const spec = commandSchema.parse({ run: ['sh', '-c', script], ...more });
    return command.tell({ spec, message, key: 'n-1', home, signal: new AbortController().signal, log: quiet });
  };

  test('a command that fails, hangs or does not exist is thrown with its last words', async () => {
    await expect(tell('echo no mail today >&2; exit 3')).rejects.toMatchObject({
      kind: 'failed',
      message: 'sh ended with exit code 3',
      details: { evidence: 'no mail today' },
    });
    await expect(tell('sleep 30', { timeout: '100ms' })).rejects.toMatchObject({ kind: 'timed-out' });
    const gone = commandSchema.parse({ run: ['./no-such-program'] });
    const signal = new AbortController().signal;
    await expect(command.tell({ spec: gone, message, key: 'k', home, signal, log: quiet })).rejects.toMatchObject({
      kind: 'not-found',
    });
  });

  test('it gets the message on standard input and its main parts in the environment', async () => {
    await tell(
      'cat > in.json; echo "$SAVEPOINT_EVENT|$SAVEPOINT_SUBJECT|$SAVEPOINT_TO|$SAVEPOINT_NOTICE_KEY|$MINE" > env',
      {
        env: { MINE: 'yes' },
      },
    );
    expect(JSON.parse(await readFile(join(home, 'in.json'), 'utf8'))).toEqual({
      schemaVersion: 1,
      key: 'n-1',
      ...message,
    });
    expect(await readFile(join(home, 'env'), 'utf8')).toBe('question|Go or no-go for shop v2?|product-owner|n-1|yes\n');
  });
});
