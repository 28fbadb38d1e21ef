import { afterEach, expect, it, vi } from 'vitest';
import { runCommand } from '../../../src/targets/shell/run.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

it('gives a command the environment of the worker, but not its way to Temporal', async () => {
  vi.stubEnv('TEMPORAL_API_KEY', 'of-the-worker-alone');
  vi.stubEnv('SHOP_REGION', 'north');
  const ran = await runCommand({
    command: ['sh', '-c', 'echo "key=$TEMPORAL_API_KEY region=$SHOP_REGION own=$OWN"'],
    cwd: '/',
    env: { OWN: 'yes' },
    timeoutMs: 5_000,
    signal: new AbortController().signal,
  });
  expect(ran.output.trim()).toBe('key= region=north own=yes');
});
