import { describe, expect, it } from 'vitest';
import { load, loaded, said, shop, shopWith } from './plans.ts';

const redis = `  cache:
    kind: redis
    url: \${env:REDIS_URL}
    contents: cache
    prefix: "shop:"
`;
const edge = `  edge:
    kind: cloudfront
    distribution: E2QWRUHEXAMPLE
`;
const end: [string, string] = ['smoke:\n', `${redis}smoke:\n`];

async function steps(content: string): Promise<string[]> {
  const { plan } = await loaded(content);
  return plan.steps
    .filter(({ phase }) => phase !== 'preflight' && phase !== 'baseline')
    .map(({ point, id }) => `${point} ${id}`);
}

describe('A plan with caches', () => {
  it('looks at one that is only emptied on the way back, and counts no rollback point for it', async () => {
    const { plan } = await loaded(shopWith(end));
    expect(plan.steps.map(({ id }) => id)).toContain('survey cache');
    expect(await steps(shopWith(end))).toEqual(await steps(shop));
    const first: [string, string] = ['targets:\n', `targets:\n${redis}`];
    expect(await steps(shopWith(first))).toEqual(await steps(shop));
  });

  it('empties one that a release fills anew, after the code', async () => {
    expect((await steps(shopWith(['smoke:\n', `${edge}smoke:\n`]))).slice(-4)).toEqual([
      '2 deploy backend',
      '2 snapshot edge',
      '3 invalidate edge',
      '3 smoke',
    ]);
  });

  it('is told that one which is emptied before the code fills with old answers', async () => {
    const result = await load(shopWith(['  backend:\n', `${edge}  backend:\n`]));
    expect(said(result)).toEqual([
      'release.yaml:20:3: warning: targets.edge: edge is emptied before backend is changed, and fills with old answers again; put edge after backend',
    ]);
    expect(result).toHaveProperty('plan');
  });

  it('may put one before and after any schema: no schema matters to it', async () => {
    const forward: [string, string] = ['compatibility: backward', 'compatibility: forward'];
    const alone = shop.replace(/ {2}backend:\n(.*\n)*?(?=smoke:)/, '').replace('    writers: [backend]\n', '');
    const both = alone.replace(...forward).replace('smoke:\n', `${edge}smoke:\n`);
    expect(said(await load(both))).toEqual([]);
  });

  it('is refused where nobody said which keys are cached', async () => {
    const nothing: [string, string] = ['smoke:\n', `${redis.replace('    prefix: "shop:"\n', '')}smoke:\n`];
    expect(said(await load(shopWith(nothing)))).toEqual([expect.stringContaining('targets.cache.prefix: is missing')]);
  });
});
