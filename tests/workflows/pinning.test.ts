import { expect, it } from 'vitest';
import { benchForFile } from '../support/file-bench.ts';
import { memoryPlan } from '../support/plans.ts';

const bench = benchForFile();

it('a reference without a value stops the release before anybody is asked, and names every place', async () => {
  const url = `\${env:NOBODY_SET_THIS_HOOK}`;
  const smoke = [{ name: 'shop answers', kind: 'http', url: `\${env:NOBODY_SET_THIS_URL}` }];
  const notify = [{ name: 'hook', kind: 'webhook', url, on: ['ended'] }];
  const handle = await bench().start(memoryPlan({ application: 'no-secret', more: { smoke, notify } }));
  const result = await handle.result();
  expect(result).toMatchObject({ outcome: 'stopped', digest: null, failure: { kind: 'invalid-input' } });
  expect(result.failure?.message).toContain('env:NOBODY_SET_THIS_URL');
  expect(result.failure?.message).toContain('checks.shop answers.url');
  expect(result.failure?.message).toContain('notify.hook.url');
});

it('neither the checks of a watch nor two checks with one name hide what they refer to', async () => {
  const asked = (url: string): object => ({ name: 'shop answers', kind: 'http', url });
  const more = {
    smoke: [asked(`\${env:NOBODY_SET_FOR_SMOKE}`)],
    monitoring: [asked(`\${env:NOBODY_SET_FOR_MONITORING}`)],
    watch: { schedule: [{ every: '1m', for: '1m' }], throughout: { checks: [asked(`\${env:NOBODY_SET_FOR_WATCH}`)] } },
  };
  const handle = await bench().start(memoryPlan({ application: 'hidden-secret', more }));
  const { outcome, failure } = await handle.result();
  expect(outcome).toBe('stopped');
  for (const point of ['SMOKE', 'MONITORING', 'WATCH'])
    expect(failure?.message).toContain(`env:NOBODY_SET_FOR_${point}`);
});
