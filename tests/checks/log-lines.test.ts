import { expect, it } from 'vitest';
import { evidenceOf, masked } from '../../src/checks/logs/log-lines.ts';

it.each([
  ['user=ann password=hunter2 failed', 'user=ann password=[hidden] failed'],
  ['{"password":"hunter2","id":4}', '{"password":[hidden],"id":4}'],
  ['Authorization: Bearer abc.def-123', 'Authorization: [hidden] [hidden]'],
  ['connect postgres://app:hunter2@db:5432/shop', 'connect postgres://[hidden]@db:5432/shop'],
  ['key AKIAIOSFODNN7EXAMPLE was refused', 'key [key] was refused'],
  ['no user ann@shop.example here', 'no user [address] here'],
  ['api_key: 12345, retry', 'api_key: [hidden], retry'],
  ['took 12 ms, tokens left: 3', 'took 12 ms, tokens left: 3'],
])('of %j people see %j', (line, seen) => {
  expect(masked(line)).toBe(seen);
});

it('shows a line on one line, with time and stream, and no more than its beginning', () => {
  const at = Date.parse('2026-11-21T02:50:00.250Z');
  const line = evidenceOf({ at, stream: 'backend/1', message: `ERROR\n  at ${'x'.repeat(300)}` });
  expect(line).toMatch(/^2026-11-21T02:50:00Z backend\/1 ERROR at x+…$/);
  expect(line.length).toBeLessThan(220);
});
