import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findMoto } from '../../support/aws/moto.ts';
import { type AwsWorld, startAws } from '../../support/aws/world.ts';
import { benchForFile } from '../../support/file-bench.ts';
import { approve } from '../../support/release.ts';
import { isMissing } from '../../support/tools.ts';
import { openS3Site } from './world.ts';

const moto = findMoto();

describe.skipIf(isMissing(moto))('a release of a site in a bucket', () => {
  let aws: AwsWorld;
  const bench = benchForFile();
  beforeAll(async () => {
    aws = await startAws();
    Object.assign(process.env, aws.environment);
  });
  afterAll(() => aws?.stop());

  /** Where users get it and which distribution is in front stand in the Parameter Store. */
  async function planOf(world: Awaited<ReturnType<typeof openS3Site>>, smoke: string): Promise<object> {
    const parameters = new SSMClient(aws.direct);
    const name = `/${world.bucket.name}/cdn`;
    await parameters.send(new PutParameterCommand({ Name: name, Value: world.distribution ?? '', Type: 'String' }));
    return {
      application: `site-${world.bucket.name}`,
      environment: 'test',
      people: { 'product-owner': { name: 'Product owner' }, 'deployment-lead': { name: 'Deployment lead' } },
      gates: { 'go-no-go': { deciders: ['product-owner'], needs: 1, deadline: '1h' } },
      targets: {
        frontend: {
          kind: 's3-site',
          bucket: world.bucket.name,
          root: './built',
          source: './${version}',
          url: world.front.url,
          endpoint: aws.endpoint,
          invalidate: { distribution: `\${aws-ssm:${name}}` },
        },
      },
      smoke: [{ name: 'a page', kind: 'http', url: new URL(smoke, world.front.url).href }],
    };
  }

  async function released(smoke: string) {
    const world = await openS3Site(aws, { first: 'by-hand', cdn: true });
    try {
      const handle = await bench().start(await planOf(world, smoke), { home: world.home });
      await approve(handle);
      const result = await handle.result();
      const [seen, invalidations] = [await world.observe(), await world.invalidations()];
      return { result, seen, invalidations };
    } finally {
      await world.close();
    }
  }

  it('shows users the new version, past the cache', async () => {
    const { result, seen, invalidations } = await released('/feature-of-v2.json');
    expect(result).toMatchObject({ outcome: 'released', failure: null });
    expect(seen).toContain('<p>v2</p>');
    expect(invalidations.map(({ status }) => status)).toEqual(['Completed']);
  }, 60_000);

  it('shows users what was there before when the new version is not well, past the cache', async () => {
    const { result, seen, invalidations } = await released('/nobody-built-this');
    expect(result).toMatchObject({
      outcome: 'rolled-back',
      failedStep: 'smoke',
      restored: [{ target: 'frontend', proved: 'digest' }],
    });
    expect(seen).toContain('<p>v1</p>');
    expect(seen).toContain('404 not here');
    expect(invalidations.map(({ status }) => status)).toEqual(['Completed', 'Completed']);
  }, 60_000);
});
