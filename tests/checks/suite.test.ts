import { describe, expect, test } from 'vitest';
import { type Asker, askAll } from '../../src/checks/suite.ts';
import type { CheckResult, CheckStatus, PlannedCheck } from '../../src/release/check.ts';

const planned = (name: string, more: Partial<PlannedCheck> = {}): PlannedCheck => ({
  name,
  kind: 'command',
  critical: true,
  withinMs: 0,
  everyMs: 1,
  remedy: null,
  spec: null,
  ...more,
});

const answered = ({ name, kind, critical }: PlannedCheck, status: CheckStatus): CheckResult => ({
  status,
  summary: status,
  evidence: '',
  name,
  kind,
  critical,
  durationMs: 1,
  tries: 1,
});

/** Checks answer after `takesMs`; `journal` says what began and ended in which order. */
function world(statuses: Record<string, CheckStatus | Error> = {}, takesMs = 5) {
  const journal: string[] = [];
  const controller = new AbortController();
  const asker: Asker = {
    signal: controller.signal,
    ask: async (check, signal) => {
      journal.push(`> ${check.name}`);
      await new Promise((resolve) => setTimeout(resolve, takesMs));
      signal.throwIfAborted();
      const status = statuses[check.name] ?? 'PASS';
      if (status instanceof Error) throw status;
      journal.push(`< ${check.name}`);
      return answered(check, status);
    },
  };
  return { journal, controller, asker };
}

const brief = (results: CheckResult[]) => results.map(({ name, status }) => `${name} ${status}`);

describe('SB-01 a suite', () => {
  test('asks one after the other, in the order of the plan', async () => {
    const { journal, asker } = world();
    expect(brief(await askAll([planned('a'), planned('b')], asker))).toEqual(['a PASS', 'b PASS']);
    expect(journal).toEqual(['> a', '< a', '> b', '< b']);
  });

  test('asks together what may be asked together, and the rest alone', async () => {
    const { journal, asker } = world();
    const parallel = { parallel: true };
    await askAll([planned('a', parallel), planned('b', parallel), planned('alone'), planned('c', parallel)], asker);
    expect(journal).toEqual(['> a', '> b', '< a', '< b', '> alone', '< alone', '> c', '< c']);
  });

  test('asks at most eight at the same time', async () => {
    const { journal, asker } = world();
    await askAll(
      Array.from({ length: 12 }, (_, index) => planned(`${index}`, { parallel: true })),
      asker,
    );
    expect(journal.slice(0, 9).filter((line) => line.startsWith('>'))).toHaveLength(8);
  });

  test('asks what is needed first, wherever it stands', async () => {
    const { journal, asker } = world();
    await askAll([planned('late', { needs: ['early'] }), planned('early')], asker);
    expect(journal).toEqual(['> early', '< early', '> late', '< late']);
  });

  test('a need that is not in the list holds up nobody', async () => {
    const { asker } = world();
    expect(brief(await askAll([planned('a', { needs: ['gone'] })], asker))).toEqual(['a PASS']);
  });

  test.each<CheckStatus>(['FAIL', 'PENDING'])(
    'SB-02 what needs a %s is PENDING with the reason and not asked',
    async (status) => {
      const { journal, asker } = world({ first: status });
      const checks = [
        planned('first'),
        planned('second', { needs: ['first'] }),
        planned('third', { needs: ['second'] }),
      ];
      const results = await askAll(checks, asker);
      expect(brief(results)).toEqual([`first ${status}`, 'second PENDING', 'third PENDING']);
      expect(results[1]).toMatchObject({
        summary: `not asked, because it needs first, which is ${status}`,
        remedy: 'see to first first',
        tries: 0,
      });
      expect(journal).not.toContain('> second');
    },
  );

  test('a warning holds up nobody, and neither does what a person attested', async () => {
    const { asker } = world({ warns: 'WARN' });
    const attested = {
      ...asker,
      ask: async (check: PlannedCheck, signal: AbortSignal) => ({
        ...(await asker.ask(check, signal)),
        ...(check.name === 'seen'
          ? { status: 'PENDING' as const, attested: { by: 'lead', at: '2026-03-07T02:00:00Z' } }
          : {}),
      }),
    };
    const checks = [planned('warns'), planned('seen'), planned('last', { needs: ['warns', 'seen'] })];
    expect(brief(await askAll(checks, attested))).toEqual(['warns WARN', 'seen PENDING', 'last PASS']);
  });

  test('refuses checks that wait for each other instead of waiting for ever', async () => {
    const { asker } = world();
    const circle = [planned('a', { needs: ['b'] }), planned('b', { needs: ['a'] })];
    await expect(askAll(circle, asker)).rejects.toThrow('checks need each other: a, b');
  });
});

describe('what cleans up', () => {
  const writing = planned('writes', { group: 'shop' });
  const cleaning = planned('removes', { group: 'shop', cleansUp: true });

  test('runs after its group, also when a check failed', async () => {
    const { journal, asker } = world({ writes: 'FAIL' });
    const results = await askAll([writing, cleaning, planned('other')], asker);
    expect(brief(results)).toEqual(['writes FAIL', 'removes PASS', 'other PASS']);
    expect(journal.at(-1)).toBe('< removes');
    expect(results[1]).toMatchObject({ group: 'shop', cleansUp: true });
  });

  test('runs after an abort, before the abort is reported', async () => {
    const { journal, asker, controller } = world({}, 20);
    const going = askAll([writing, cleaning], asker);
    setTimeout(() => controller.abort(new Error('people stopped it')), 5);
    await expect(going).rejects.toThrow('people stopped it');
    expect(journal).toEqual(['> writes', '> removes', '< removes']);
  });

  test('runs after a bug, which is thrown then; whatever ran beside it has ended', async () => {
    const { journal, asker } = world({ bug: new TypeError('a bug') });
    const together = { parallel: true, group: 'shop' };
    await expect(askAll([planned('bug', together), planned('slow', together), cleaning], asker)).rejects.toThrow(
      'a bug',
    );
    expect(journal.at(-1)).toBe('< removes');
  });

  test('does not run where nothing of its group was asked', async () => {
    const { asker } = world({ first: 'FAIL' });
    const results = await askAll([planned('first'), { ...writing, needs: ['first'] }, cleaning], asker);
    expect(brief(results)).toEqual(['first FAIL', 'writes PENDING']);
  });

  test.each([['FAIL' as const], [new TypeError('a bug')]])('warns when it fails: %s', async (how) => {
    const { asker } = world({ removes: how });
    const results = await askAll([writing, cleaning], asker);
    expect(results[1]).toMatchObject({ status: 'WARN', summary: expect.stringMatching(/^not cleaned up/) });
  });
});
