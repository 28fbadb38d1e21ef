import { describe, expect, it } from 'vitest';
import { askAll } from '../../src/checks/suite.ts';
import { chosenChecks } from '../../src/cli/checking.ts';
import type { Json } from '../../src/release/json.ts';
import { load, loaded, said, shop, shopWith } from '../plan/plans.ts';

const events = `checks:
  connection:
    - { name: database answers, kind: sql, url: "\${env:DB}", query: SELECT 1, expect: { value: 1 } }
  events:
    needs: [connection]
    cleanup:
      - { name: event is removed, kind: http, url: "\${env:BASE}/events/smoke-\${run}", method: DELETE }
    checks:
      - { name: event is taken, kind: http, url: "\${env:BASE}/events", method: POST, json: { id: "smoke-\${run}", template: "{{ name }}" } }
      - name: event is stored
        kind: sql
        url: "\${env:DB}"
        query: SELECT count(*) FROM events WHERE id = 'smoke-\${run}'
        expect: { value: 1 }
        needs: [event is taken]
`;

/** What each check was asked with, in the order of asking. */
async function askedIn(plan: string): Promise<Json[]> {
  const { suite } = await loaded(plan);
  const specs: Json[] = [];
  await askAll(suite, {
    signal: new AbortController().signal,
    ask: async ({ name, kind, critical, spec }) => {
      specs.push(spec);
      return { status: 'PASS', summary: '', evidence: '', name, kind, critical, durationMs: 0, tries: 1 };
    },
  });
  return specs;
}

const valuesIn = (specs: Json[]): string[] => JSON.stringify(specs).match(/smoke-[0-9a-f]{10}/g) ?? [];

describe('SB-06 ${run} lets one check find what another one wrote', () => {
  it('is one value in every check of a run, what cleans up included, and another one in the next run', async () => {
    const first = valuesIn(await askedIn(shop + events));
    expect(first).toHaveLength(3);
    expect(new Set(first).size).toBe(1);
    expect(valuesIn(await askedIn(shop + events))[0]).not.toBe(first[0]);
  });

  it('leaves references and templates of the application alone', async () => {
    const text = JSON.stringify(await askedIn(shop + events));
    expect(text).toContain('${env:BASE}');
    expect(text).toContain('{{ name }}');
    expect(text).not.toContain('${run}');
  });

  it('a check that is asked alone brings along what writes for it in this run, and nothing else', async () => {
    const suite = await loaded(shop + events);
    const chosen = (name: string) =>
      chosenChecks(suite, { groups: [], only: [name], cleanup: false }).map((check) => check.name);
    expect(chosen('event is stored')).toEqual(['event is taken', 'event is stored', 'event is removed']);
    expect(chosen('event is taken')).toEqual(['event is taken', 'event is removed']);
    expect(chosen('database answers')).toEqual(['database answers']);
  });

  it('is refused where nobody would give it a value', async () => {
    const told = said(await load(shopWith(['root: ./run/backend', 'root: ./run/${run}'])));
    expect(told.join('\n')).toContain(
      'targets.backend.root: ${run} has a value in checks only; use it in a check, or ${version} here',
    );
  });
});
