import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type S3SiteSpec, s3SiteSchema } from '../../../src/targets/s3-site/s3-site.schema.ts';
import { s3Site } from '../../../src/targets/s3-site/s3-site.ts';
import type { S3SiteState } from '../../../src/targets/s3-site/saving.ts';
import { createDistribution, type Front, invalidationsOf, openBucket, openFront } from '../../support/aws/edge.ts';
import type { AwsWorld } from '../../support/aws/world.ts';
import { Trial } from '../../support/trial.ts';

/** Name of the hashed script of a version. */
export function scriptOf(version: string): string {
  return `assets/app-${createHash('sha256').update(version).digest('hex').slice(0, 10)}.js`;
}

/** The files of a version. Each has a page and a file that no other has. */
export function filesOf(version: string): Record<string, string> {
  return {
    'index.html': `<link rel="stylesheet" href="/shop.css"><script src="/${scriptOf(version)}"></script><p>${version}</p>`,
    'help/index.html': `<script src="../${scriptOf(version)}"></script>help of ${version}`,
    [`news-of-${version}.html`]: `news of ${version}`,
    [scriptOf(version)]: `console.log('${version}')`,
    'shop.css': `body { content: '${version}' }`,
    [`feature-of-${version}.json`]: `{"feature":"${version}"}`,
    'robots.txt': 'User-agent: *',
  };
}

let count = 0;

type Options = { first?: 'running' | 'absent' | 'by-hand'; cdn?: boolean; versioning?: boolean };

async function open(aws: AwsWorld, { cdn = false, versioning = true }: Options) {
  count += 1;
  const home = await mkdtemp(join(tmpdir(), 'savepoint-s3-site-'));
  for (const version of ['v1', 'v2', 'v3']) {
    for (const [path, text] of Object.entries(filesOf(version))) {
      await mkdir(dirname(join(home, version, path)), { recursive: true });
      await writeFile(join(home, version, path), text);
    }
  }
  const bucket = await openBucket(aws, `site-${process.pid}-${count}`, { versioning });
  const distribution = cdn ? await createDistribution(aws) : null;
  const front: Front = await openFront(aws, bucket, distribution);
  const specOf = (version: string, more: Record<string, unknown> = {}): S3SiteSpec =>
    s3SiteSchema.parse({
      bucket: bucket.name,
      root: './built',
      source: `./${version}`,
      url: front.url,
      endpoint: aws.endpoint,
      region: aws.region,
      invalidate: distribution === null ? null : { distribution },
      ...more,
    });
  return {
    home,
    bucket,
    distribution,
    front,
    specOf,
    invalidations: async () => (distribution === null ? [] : await invalidationsOf(aws, distribution)),
    async observe(): Promise<string> {
      return [await front.get('/'), await front.get('/help/index.html'), await front.get('/news-of-v2.html')].join(' ');
    },
    async close(): Promise<void> {
      await front.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

export type S3World = Awaited<ReturnType<typeof openS3Site>>;

/** A world in which v1 was released by Savepoint, was put there by hand, or nothing ever was. */
export async function openS3Site(aws: AwsWorld, options: Options = {}) {
  const world = await open(aws, options);
  const { specOf, bucket, home } = world;
  const given = {
    ...world,
    kind: s3Site,
    spec: specOf('v2'),
    version: 'v2',
    changes: world.distribution === null ? (['deploy'] as const) : (['deploy', 'invalidate'] as const),
    effects: async () => [...bucket.effects(), `${(await world.invalidations()).length} invalidations`],
    secrets: [] as string[],
  };
  if (options.first === 'running') {
    const first = new Trial({ ...given, spec: specOf('v1'), version: 'v1', home });
    first.fence = 10;
    await first.prepare({ release: 'release-of-v1' });
    await first.save({ release: 'release-of-v1' });
    await first.applyAll({ release: 'release-of-v1' });
  }
  if (options.first === 'by-hand') {
    for (const [path, text] of Object.entries(filesOf('v1'))) {
      await bucket.put(path, text, { contentType: path.endsWith('.html') ? 'text/html' : 'text/plain' });
    }
  }
  await world.observe();
  return given;
}

export type SiteTrial = Trial<S3SiteSpec, S3SiteState, 'deploy' | 'invalidate'>;

/** Tells each story in a world of its own, with the calls that a release of v2 makes, and calms the faults afterwards. */
export function storiesOn(aws: () => AwsWorld) {
  return async (options: Options, story: (world: S3World, trial: SiteTrial) => Promise<void>): Promise<void> => {
    const world = await openS3Site(aws(), options);
    try {
      await story(world, new Trial(world));
    } finally {
      aws().faults.calm();
      await world.close();
    }
  };
}
