import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { S3SiteSpec } from '../../../src/targets/s3-site/s3-site.schema.ts';
import type { S3SiteState } from '../../../src/targets/s3-site/saving.ts';
import { findMoto } from '../../support/aws/moto.ts';
import { type AwsWorld, startAws } from '../../support/aws/world.ts';
import { isMissing } from '../../support/tools.ts';
import { Trial } from '../../support/trial.ts';
import { openS3Site, type S3World, scriptOf } from './world.ts';

const moto = findMoto();
type SiteTrial = Trial<S3SiteSpec, S3SiteState, 'deploy' | 'invalidate'>;

describe.skipIf(isMissing(moto))('a site in a bucket', () => {
  let aws: AwsWorld;
  beforeAll(async () => {
    aws = await startAws();
    Object.assign(process.env, aws.environment);
  });
  afterAll(() => aws?.stop());

  async function on(
    options: Parameters<typeof openS3Site>[1],
    story: (world: S3World, trial: SiteTrial) => Promise<void>,
  ): Promise<void> {
    const world = await openS3Site(aws, options);
    try {
      await story(world, new Trial(world));
    } finally {
      aws.faults.calm();
      await world.close();
    }
  }

  it('uploads what differs only, files before pages and the front page last', () =>
    on({ first: 'running' }, async (world, trial) => {
      const before = world.bucket.effects().length;
      await trial.prepare();
      await trial.save();
      await trial.applyAll();
      const effects = world.bucket.effects().slice(before);
      expect(effects[0]).toBe(`PutObject ${scriptOf('v2')}`);
      expect(effects.slice(1, 3).toSorted()).toEqual(['PutObject feature-of-v2.json', 'PutObject shop.css']);
      expect(effects.slice(3, 5).toSorted()).toEqual(['PutObject help/index.html', 'PutObject news-of-v2.html']);
      expect(effects.slice(5)).toEqual(['PutObject index.html', 'DeleteObject news-of-v1.html']);
    }));

  it('tells browsers what each file is and how long it stays as it is', () =>
    on({ first: 'running' }, async ({ bucket }) => {
      const page = await bucket.get('index.html');
      expect(page).toMatchObject({ contentType: 'text/html; charset=utf-8', cacheControl: 'no-cache' });
      const script = await bucket.get(scriptOf('v1'));
      expect(script).toMatchObject({ cacheControl: 'public, max-age=31536000, immutable' });
      const other = await bucket.get('feature-of-v1.json');
      expect(other).toMatchObject({ contentType: 'application/json', cacheControl: 'public, max-age=300' });
    }));

  it('destroys no version there and back, and keeps the scripts of pages that are still open', () =>
    on({ first: 'running' }, async (world, trial) => {
      const before = await world.bucket.versions();
      await trial.prepare();
      const savepoint = await trial.save();
      await trial.applyAll();
      const between = await world.bucket.versions();
      expect(await world.front.get(`/${scriptOf('v1')}`)).toBe("200 console.log('v1')");
      await trial.restore(savepoint);
      expect(await world.bucket.versions()).toEqual(expect.arrayContaining([...before, ...between]));
      expect(await world.front.get(`/${scriptOf('v2')}`)).toBe("200 console.log('v2')");
    }));

  it('takes from the sight of users what the new version brought under a name that may change', () =>
    on({ first: 'running' }, async (world, trial) => {
      await trial.prepare();
      const savepoint = await trial.save();
      await trial.applyAll();
      expect(await world.front.get('/feature-of-v2.json')).toContain('200 ');
      await trial.restore(savepoint);
      expect(await world.front.get('/feature-of-v2.json')).toContain('404 ');
      expect(await world.front.get('/news-of-v2.html')).toContain('404 ');
      expect(await world.front.get('/news-of-v1.html')).toBe('200 news of v1');
    }));

  it('brings back a site that was put there by hand, with the headers that it had', () =>
    on({ first: 'by-hand' }, async (world, trial) => {
      const before = await world.bucket.get('index.html');
      await trial.prepare();
      const savepoint = await trial.save();
      expect(savepoint).toMatchObject({ absent: false, version: null });
      await trial.applyAll();
      expect(await world.front.get('/')).toContain('<p>v2</p>');
      const { proof } = await trial.restore(savepoint);
      expect(await world.bucket.get('index.html')).toEqual(before);
      expect(proof).toMatchObject({ level: 'digest', differences: [] });
    }));

  it('leaves alone what others put into the bucket, and brings back what others did to the site', () =>
    on({ first: 'running' }, async (world, trial) => {
      await world.bucket.put('google-proof.html', 'of others');
      await trial.prepare();
      const savepoint = await trial.save();
      await trial.applyAll();
      await world.bucket.put('feed.xml', 'made meanwhile');
      await world.bucket.put('help/index.html', 'somebody wrote this by hand');
      const { proof } = await trial.restore(savepoint);
      expect(proof.differences).toEqual([]);
      expect(await world.front.get('/help/index.html')).toContain('help of v1');
      expect(await world.front.get('/google-proof.html')).toBe('200 of others');
      expect(await world.front.get('/feed.xml')).toBe('200 made meanwhile');
    }));

  it('shows in its survey that somebody changed the site, so that an approval is void', () =>
    on({ first: 'running' }, async (world, trial) => {
      const survey = () => world.kind.survey(trial.call({ verb: 'survey' }));
      const before = await survey();
      await world.bucket.put('index.html', 'somebody wrote this by hand');
      const after = await survey();
      expect(after.running).not.toBe(before.running);
      expect(after.findings.map(({ what }) => what).join()).toContain('1 objects of v1 were changed by somebody else');
    }));

  it('goes on where an upload was cut off, and writes each file once although answers are lost', () =>
    on({ first: 'running' }, async (world, trial) => {
      await trial.prepare();
      const savepoint = await trial.save();
      const before = world.bucket.effects().length;
      aws.faults.loseAnswer('PutObject', { times: 2 });
      aws.faults.loseAnswer('PutObject', { times: 2, before: true });
      let cut = 0;
      for (let attempt = 0; attempt < 8; attempt += 1) {
        const done = await trial.applyAll().then(
          () => true,
          (error: unknown) => {
            expect(error).toMatchObject({ kind: 'unreachable' });
            cut += 1;
            return false;
          },
        );
        if (done) break;
      }
      expect(cut).toBeGreaterThan(0);
      const puts = world.bucket.effects().slice(before);
      expect(new Set(puts).size).toBe(puts.length);
      expect(await world.front.get('/')).toContain('<p>v2</p>');
      await trial.restore(savepoint);
      expect(await world.front.get('/')).toContain('<p>v1</p>');
    }));

  it('comes back from an upload that stopped half way, and from a restore that did', () =>
    on({ first: 'running', cdn: true }, async (world, trial) => {
      const before = await world.observe();
      await trial.prepare();
      const savepoint = await trial.save();
      aws.faults.loseAnswer('PutObject', { times: 4, before: true });
      await expect(trial.applyAll()).rejects.toMatchObject({ kind: 'unreachable' });
      aws.faults.calm();
      aws.faults.loseAnswer('CopyObject');
      aws.faults.loseAnswer('DeleteObject');
      for (let attempt = 0; attempt < 3; attempt += 1) await trial.restore(savepoint).catch(() => {});
      const { proof } = await trial.restore(savepoint);
      expect(proof.differences).toEqual([]);
      expect(await world.observe()).toBe(before);
    }));

  it.each([1, 2, 3, 4, 5, 6, 7])('comes back from an upload that ended after %i effects', (after) =>
    on({ first: 'running' }, async (world, trial) => {
      const before = await world.observe();
      await trial.prepare();
      const savepoint = await trial.save();
      const started = world.bucket.effects().length;
      aws.faults.delay('PutObject', 20);
      aws.faults.delay('DeleteObject', 20);
      const lost = new AbortController();
      const first = trial.apply('deploy', { signal: lost.signal }).catch((error: unknown) => error);
      while (world.bucket.effects().length < started + after) await new Promise((resolve) => setTimeout(resolve, 1));
      lost.abort(new Error('the worker is gone'));
      await first;
      aws.faults.calm();
      const { proof } = await trial.restore(savepoint);
      expect(proof.differences).toEqual([]);
      expect(await world.observe()).toBe(before);
      expect(await world.front.get('/feature-of-v2.json')).toContain('404 ');
    }),
  );

  it('writes no lot more once a newer attempt has taken over', () =>
    on({ first: 'running' }, async (world, trial) => {
      const before = await world.observe();
      await trial.prepare();
      const savepoint = await trial.save();
      const started = world.bucket.effects().length;
      aws.faults.delay('PutObject', 300);
      const stale = trial.apply('deploy').catch((error: unknown) => error);
      while (world.bucket.effects().length === started) await new Promise((resolve) => setTimeout(resolve, 1));
      await trial.restore(savepoint);
      expect(await stale).toMatchObject({ kind: 'stale-fence' });
      expect(await world.observe()).toBe(before);
    }));

  it('refuses other content under a name that says what is in it, before anything is uploaded', () =>
    on({ first: 'running' }, async (world, trial) => {
      await world.bucket.put(scriptOf('v2'), 'other bytes');
      await trial.prepare();
      await trial.save();
      const before = world.bucket.effects().length;
      await expect(trial.applyAll()).rejects.toMatchObject({
        kind: 'refused',
        details: { evidence: scriptOf('v2') },
      });
      expect(world.bucket.effects()).toHaveLength(before);
    }));

  it('is not released to a bucket that keeps no old versions', () =>
    on({ first: 'by-hand', versioning: false }, async (world, trial) => {
      const { findings } = await world.kind.survey(trial.call({ verb: 'survey' }));
      expect(findings).toContainEqual(
        expect.objectContaining({ status: 'FAIL', remedy: expect.stringContaining('put-bucket-versioning') }),
      );
    }));

  it('brings back what was in the bucket before it began to keep versions', () =>
    on({ first: 'by-hand', versioning: false }, async (world, trial) => {
      await world.bucket.keepVersions();
      const before = await world.observe();
      await trial.prepare();
      const savepoint = await trial.save();
      await trial.applyAll();
      await trial.restore(savepoint);
      expect(await world.observe()).toBe(before);
    }));

  it('is not released where users get it by access lists of its objects, which a release would lose', () =>
    on({ first: 'absent' }, async (world, trial) => {
      await world.bucket.put('index.html', 'by an access list', { everybody: true });
      const { findings } = await world.kind.survey(trial.call({ verb: 'survey' }));
      expect(findings).toContainEqual(
        expect.objectContaining({ status: 'FAIL', what: expect.stringContaining('its own access list') }),
      );
    }));

  it('is told of rules of the bucket that remove what a rollback needs', () =>
    on({ first: 'running' }, async (world, trial) => {
      const survey = async () => (await world.kind.survey(trial.call({ verb: 'survey' }))).findings;
      await world.bucket.removeOldVersionsAfter(1);
      expect(await survey()).toContainEqual(
        expect.objectContaining({ status: 'FAIL', what: expect.stringContaining('after 1 days') }),
      );
      await world.bucket.removeOldVersionsAfter(30);
      expect((await survey()).filter(({ status }) => status === 'FAIL')).toEqual([]);
    }));

  it('says what is wrong with a bucket that does not exist', () =>
    on({ first: 'absent' }, async (world, trial) => {
      const spec = { ...world.spec, bucket: 'nobody-has-this-bucket' };
      const { findings } = await world.kind.survey(trial.call({ verb: 'survey', spec }));
      const failed = findings.filter(({ status }) => status === 'FAIL');
      expect(failed).toEqual([expect.objectContaining({ what: expect.stringContaining('NoSuchBucket') })]);
    }));

  it('changes nothing when the saved versions are gone', () =>
    on({ first: 'running' }, async (world, trial) => {
      await trial.prepare();
      const savepoint = await trial.save();
      await trial.applyAll();
      await world.bucket.destroyOldVersions('index.html');
      const before = await world.observe();
      const effects = world.bucket.effects().length;
      await expect(trial.restore(savepoint)).rejects.toMatchObject({
        kind: 'not-found',
        details: { evidence: 'index.html' },
      });
      expect(await world.observe()).toBe(before);
      expect(world.bucket.effects()).toHaveLength(effects);
    }));

  it('empties CloudFront once on each way, also when the answer is lost', () =>
    on({ first: 'running', cdn: true }, async (world, trial) => {
      const before = (await world.invalidations()).length;
      await trial.prepare();
      const savepoint = await trial.save();
      aws.faults.loseAnswer('CreateInvalidation');
      await expect(trial.applyAll()).rejects.toMatchObject({ kind: 'unreachable' });
      await trial.applyAll();
      expect(await world.front.get('/')).toContain('<p>v2</p>');
      aws.faults.loseAnswer('CreateInvalidation');
      await expect(trial.restore(savepoint)).rejects.toMatchObject({ kind: 'unreachable' });
      await trial.restore(savepoint);
      expect(await world.front.get('/')).toContain('<p>v1</p>');
      const made = (await world.invalidations()).slice(before);
      expect(made).toHaveLength(2);
      expect(new Set(made.map(({ reference }) => reference)).size).toBe(2);
    }));

  it('lists builds that nobody gets any more, and removes what a person names', () =>
    on({ first: 'running' }, async (world, trial) => {
      await trial.prepare();
      await trial.save();
      await trial.applyAll();
      const list = async () => (await world.kind.kept?.(trial.call({ verb: 'kept' }))) ?? [];
      const [old] = await list();
      expect(old).toMatchObject({ what: 'version', name: expect.stringMatching(/^v1-/), obstacle: null });
      await trial.drive({ verb: 'discard' }, async (call) => {
        return (await world.kind.discard?.(call, old?.name ?? '')) ?? { state: 'ask', question: 'it cannot discard' };
      });
      expect(await list()).toEqual([]);
      expect(await world.front.get('/')).toContain('<p>v2</p>');
    }));

  it('keeps its root below a folder of a bucket that others use as well', () =>
    on({ first: 'absent' }, async (world, trial) => {
      const spec = world.specOf('v2', { prefix: 'site/', url: null });
      await world.bucket.put('index.html', 'of another site');
      await trial.prepare({ spec });
      const savepoint = await trial.save({ spec });
      expect(savepoint.absent).toBe(true);
      await trial.apply('deploy', { spec });
      expect((await world.bucket.get('site/index.html'))?.text).toContain('<p>v2</p>');
      await trial.restore(savepoint, { spec });
      expect(await world.bucket.get('site/index.html')).toBeNull();
      expect((await world.bucket.get('index.html'))?.text).toBe('of another site');
    }));
});
