import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { forgetClients } from '../../../src/aws/client.ts';
import type { Call } from '../../../src/release/target.ts';
import { type CloudfrontSpec, cloudfrontSchema } from '../../../src/targets/cloudfront/cloudfront.schema.ts';
import { cloudfront } from '../../../src/targets/cloudfront/cloudfront.ts';
import { pathsProblem } from '../../../src/targets/cloudfront/invalidation.schema.ts';
import { invalidate } from '../../../src/targets/cloudfront/invalidation.ts';
import { createDistribution, invalidationsOf } from '../../support/aws/edge.ts';
import { findMoto } from '../../support/aws/moto.ts';
import { type AwsWorld, startAws } from '../../support/aws/world.ts';
import { isMissing } from '../../support/tools.ts';

const moto = findMoto();

const numbered = (count: number, end: string): string[] => Array.from({ length: count }, (_, at) => `/${at}${end}`);

describe('the paths of an invalidation', () => {
  it.each([
    ['everything', ['/*']],
    ['files, folders and encoded characters', ['/index.html', '/help/*', '/a%20b.html']],
    ['3,000 files', numbered(3_000, '.html')],
  ])('may be %s', (_, paths) => {
    expect(pathsProblem(paths)).toBeNull();
  });

  it.each([
    ['none', [], 'at least one path is needed; "/*" is everything'],
    ['one without a slash', ['index.html'], 'the path "index.html" must begin with /'],
    ['* in the middle', ['/a*/b'], 'may hold * only as its last character'],
    ['characters that are not encoded', ['/preise für alle.html'], 'must be URL-encoded'],
    ['too long', [`/${'a'.repeat(4_000)}`], 'at most 4000 characters'],
    ['16 with *', numbered(16, '/*'), 'at most 15 paths may end with *'],
    ['3,001 files', numbered(3_001, ''), 'at most 3000 files can be invalidated at once'],
  ])('are refused: %s', (_, paths, problem) => {
    expect(pathsProblem(paths)).toContain(problem);
  });

  it('are refused where the plan is read', () => {
    const written = { distribution: 'E2QWRUHEXAMPLE', paths: ['index.html'] };
    expect(cloudfrontSchema.safeParse(written).error?.issues[0]?.message).toContain('must begin with /');
  });
});

let fences = 0;
const tooMany =
  '<ErrorResponse><Error><Type>Sender</Type><Code>TooManyInvalidationsInProgress</Code><Message>too many</Message></Error></ErrorResponse>';

describe.skipIf(isMissing(moto))('CloudFront', () => {
  let aws: AwsWorld;
  let distribution: string;
  beforeAll(async () => {
    aws = await startAws({ durations: { invalidationMs: 300 } });
    Object.assign(process.env, aws.environment);
  });
  beforeEach(async () => {
    aws.faults.calm();
    aws.ledger.forget();
    distribution = await createDistribution(aws);
  });
  afterAll(() => aws?.stop());

  function call(verb: string, more: Partial<Call<CloudfrontSpec>> = {}): Call<CloudfrontSpec> {
    fences += 1;
    return {
      spec: cloudfrontSchema.parse({ distribution, endpoint: aws.endpoint, region: aws.region }),
      application: 'shop',
      environment: 'test',
      target: 'edge',
      release: 'release-1',
      home: '/',
      key: `release-1/edge/${verb}`,
      fence: fences,
      pinned: null,
      signal: new AbortController().signal,
      log: { info: () => {}, warn: () => {} },
      ...more,
    };
  }

  /** Looks again until it is done; what fails for a moment is tried again, as activities do. */
  async function driven<T>(step: () => Promise<{ state: string; value?: T }>): Promise<T | undefined> {
    for (const giveUpAt = Date.now() + 20_000; Date.now() < giveUpAt; ) {
      const answer = await step().catch((error: unknown) => {
        expect(error).toMatchObject({ kind: 'unreachable' });
        return { state: 'failed for a moment' };
      });
      if (answer.state === 'done' && 'value' in answer) return answer.value;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('it was not done in time');
  }

  const forward = () => driven(() => cloudfront.apply(call('invalidate'), 'invalidate', 'v2'));

  it('is waited for until it is completed, and says meanwhile what goes on', async () => {
    const first = await cloudfront.apply(call('invalidate'), 'invalidate', 'v2');
    expect(first).toMatchObject({ state: 'working', detail: expect.stringMatching(/invalidation \w+ is in progress/) });
    await forward();
    expect((await invalidationsOf(aws, distribution)).map(({ status }) => status)).toEqual(['Completed']);
  });

  it('is emptied once by one call, also when its answers are lost and another worker goes on', async () => {
    aws.faults.loseAnswer('CreateInvalidation', { times: 2 });
    await forward();
    forgetClients();
    await forward();
    expect(await invalidationsOf(aws, distribution)).toHaveLength(1);
  });

  it('is emptied again on the way back, which never meets the invalidation of the way forward', async () => {
    await forward();
    const saved = await cloudfront.save(call('snapshot'));
    if (saved.state !== 'done') throw new Error('a cache has nothing to save');
    const restored = await driven(() => cloudfront.restore(call('restore'), saved.value));
    await driven(() => cloudfront.restore(call('restore'), saved.value));
    const made = await invalidationsOf(aws, distribution);
    expect(made).toHaveLength(2);
    expect(new Set(made.map(({ reference }) => reference)).size).toBe(2);
    expect(restored).toMatchObject({ proof: { level: 'nothing', differences: [] } });
  });

  it('is emptied anew by a resumed release, which makes the same call once more', async () => {
    await forward();
    await driven(() => cloudfront.apply(call('invalidate', { fence: 5_000_001 }), 'invalidate', 'v2'));
    await driven(() => cloudfront.apply(call('invalidate', { fence: 5_000_002 }), 'invalidate', 'v2'));
    expect(await invalidationsOf(aws, distribution)).toHaveLength(2);
  });

  it('has references of their own for other releases, rounds and meanings', async () => {
    const place = { endpoint: aws.endpoint, region: aws.region, profile: null };
    const order = { place, distribution, paths: ['/*'], reference: 'forward' };
    await driven(() => invalidate(call('invalidate'), order));
    await driven(() => invalidate(call('invalidate', { key: 'release-1/edge/invalidate#2' }), order));
    await driven(() =>
      invalidate(call('invalidate', { key: 'release-2/edge/invalidate', release: 'release-2' }), order),
    );
    await driven(() => invalidate(call('invalidate'), { ...order, reference: 'after the seed' }));
    await driven(() => invalidate(call('invalidate'), { ...order, paths: ['/index.html'] }));
    expect(await invalidationsOf(aws, distribution)).toHaveLength(5);
  });

  it('waits while CloudFront has too much to do', async () => {
    // No test fills a real queue of 15 wildcards, so this server says what CloudFront would.
    const server = createServer((_, reply) => reply.writeHead(400, { 'content-type': 'text/xml' }).end(tooMany));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const place = { endpoint, region: aws.region, profile: null };
      const step = await invalidate(call('invalidate'), { place, distribution, paths: ['/*'], reference: 'forward' });
      expect(step).toMatchObject({ state: 'working', detail: expect.stringContaining('still busy') });
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('is surveyed: there, deployed and enabled', async () => {
    const { findings, running } = await cloudfront.survey(call('survey'));
    expect(findings.filter(({ status }) => status !== 'PASS')).toEqual([]);
    expect(running).toBe(distribution);
  });

  it('says in the survey that there is no such distribution, and what to do when it may not look', async () => {
    const spec = { ...call('survey').spec, distribution: 'ENOBODYHASTHIS' };
    const missing = await cloudfront.survey(call('survey', { spec }));
    expect(missing.findings).toEqual([expect.objectContaining({ status: 'FAIL', remedy: expect.any(String) })]);
    aws.faults.expireCredentials();
    const denied = await cloudfront.survey(call('survey'));
    expect(denied.findings).toEqual([
      expect.objectContaining({ status: 'FAIL', remedy: expect.stringContaining('renew the AWS credentials') }),
    ]);
  });
});
