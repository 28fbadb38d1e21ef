import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { releaseJsonSchema } from '../../src/plan/json-schema.ts';
import { load, loaded, said, shop } from './plans.ts';

const page = await readFile(join(import.meta.dirname, '../../docs/checks.md'), 'utf8');
const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block = '']) => block);
const validate = new Ajv({ strict: false, validateFormats: false }).compile(releaseJsonSchema());

describe('docs/checks.md', () => {
  it.each(blocks)('shows plans that load, and that editors accept: %#', async (block) => {
    const { suite, warnings } = await loaded(shop + block);
    expect(warnings).toEqual([]);
    expect(suite).not.toEqual([]);
    expect(validate(parse(shop + block)), JSON.stringify(validate.errors)).toBe(true);
  });

  it('shows every kind that it speaks of', async () => {
    const plans = await Promise.all(blocks.map((block) => loaded(shop + block)));
    const kinds = new Set(plans.flatMap(({ suite }) => suite.map(({ kind }) => kind)));
    expect([...kinds].sort()).toEqual(
      'backup browser cookies cors delivered dns env flow http latency logs mail metrics migrations prometheus queue rate-limit redis secrets-in-logs sql status-page tls uptime'.split(
        ' ',
      ),
    );
  });
});

describe('secrets in a flow', () => {
  const flow = (password: string): string => `checks:
  accounts:
    - name: log in
      kind: flow
      base: "http://127.0.0.1:8080"
      values: { password: "pw-{{unique}}" }
      steps:
        - { name: sign up, url: /register, method: POST, json: { password: "${password}" }, capture: { token: $.access_token } }
        - { name: me, url: /me, auth: { bearer: "{{token}}" } }
`;

  it('may be made in each run, captured, and used again', async () => {
    expect((await loaded(shop + flow('{{password}}'))).suite).toHaveLength(1);
  });

  it('may not be written in the clear', async () => {
    const told = said(await load(shop + flow('hunter2hunter2')));
    expect(told.join('\n')).toContain('a secret is written in the clear');
    const bearer = said(await load(shop + flow('{{password}}').replace('"{{token}}"', 'eyJhbGciOiJIUzI1NiJ9')));
    expect(bearer.join('\n')).toContain('auth.bearer: a secret is written in the clear');
  });
});

describe('a query of Prometheus', () => {
  const query = (more: string): string =>
    `checks:\n  metrics:\n    - { name: errors, kind: prometheus, url: "http://127.0.0.1:9090", ${more} }\n`;

  it('may hold what looks like a variable where it is none', async () => {
    const written = `query: 'up{job=~"shop$"}', fails: { below: 1, for: 5m }`;
    expect((await loaded(shop + query(written))).suite).toHaveLength(1);
  });

  it.each([
    ['query: "rate(errors[$__rate_interval])", fails: { above: 1 }', /query: must be plain PromQL/],
    ['query: up', /fails: is missing \(must be given, or warns\)/],
    ['query: up, fails: { above: 1, below: 0 }', /fails: must hold one of above, atLeast, below, atMost/],
    ['query: up, fails: { above: 5 % }', /fails\.above: must be a number/],
    ['query: up, fails: { above: 1, for: 10s }, step: 15s', /step: must not be longer than the longest for/],
    ['query: up, fails: { above: 1, for: 7d }, step: 15s', /step: must be longer/],
    ['query: up, fails: { above: 1 }, absent: zero', /absent: must be pending, pass or fail/],
  ])('%s is refused', async (written, problem) => {
    expect(said(await load(shop + query(written))).join('\n')).toMatch(problem);
  });

  it('goes to the server and not to one of its pages', async () => {
    const content = shop + query('query: up, fails: { below: 1 }').replace(':9090', ':9090/api/v1/query');
    expect(said(await load(content)).join('\n')).toMatch(/url: must be the address of Prometheus itself/);
  });
});
