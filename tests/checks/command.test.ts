import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { commandSchema } from '../../src/checks/command.schema.ts';
import { command } from '../../src/checks/command.ts';
import { asking } from './asking.ts';

const sh = (script: string, more: Partial<z.input<typeof commandSchema>> = {}) =>
  command.ask(asking(commandSchema.parse({ run: ['sh', '-c', script], ...more })));

describe('command', () => {
  test('another exit code is a FAIL that shows the end of the output', async () => {
    const answer = await sh('for i in 1 2 3 4 5 6 7 8 9; do echo line $i; done; echo went wrong >&2; exit 3');
    expect(answer).toMatchObject({
      status: 'FAIL',
      summary: 'sh ended with exit code 3, expected 0',
      evidence: expect.stringMatching(/^line 3\n.*went wrong$/s),
      remedy: expect.any(String),
    });
  });

  test('output that disagrees is a FAIL', async () => {
    expect(await sh('echo a', { expect: { text: 'b' } })).toMatchObject({
      status: 'FAIL',
      summary: 'its output lacks "b"',
    });
    expect(await sh('echo a >&2', { expect: { notText: { matches: '^a$' } } })).toMatchObject({ status: 'FAIL' });
  });

  test('what agrees is a PASS; it learns the version and its environment', async () => {
    const answer = await sh('echo "$SAVEPOINT_VERSION $MINE"; exit 7', {
      env: { MINE: 3 },
      expect: { exit: [0, 7], text: 'v2 3' },
    });
    expect(answer).toEqual({ status: 'PASS', summary: 'sh ended with exit code 7 as expected', evidence: 'v2 3' });
  });

  test('an exit code can warn', async () => {
    expect(await sh('exit 1', { expect: { warn: 1 } })).toMatchObject({
      status: 'WARN',
      summary: 'sh warns with exit code 1',
    });
  });

  test('a command that cannot start, hangs or is killed is PENDING', async () => {
    const gone = await command.ask(asking(commandSchema.parse({ run: ['./no-such-program'] })));
    expect(gone).toMatchObject({ status: 'PENDING', remedy: expect.any(String) });
    const started = Date.now();
    expect(await sh('sleep 30', { timeout: '100ms' })).toMatchObject({ status: 'PENDING', remedy: expect.any(String) });
    expect(Date.now() - started).toBeLessThan(10_000);
    expect(await sh('kill -9 $$')).toMatchObject({ status: 'PENDING', remedy: expect.any(String) });
  });
});
