import { expect, it } from 'vitest';
import { describeOnAws } from '../../support/aws/for-file.ts';
import { scriptOf, storiesOn } from './world.ts';

describeOnAws('a site in a bucket', (aws) => {
  const on = storiesOn(aws);

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
