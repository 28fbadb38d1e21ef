import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connect, type ReleaseClient } from '../../src/client.ts';
import { memoryWorld } from '../../src/targets/memory/world.ts';
import {
  addColumns,
  dialogClosed,
  openDialog,
  openRelease,
  option,
  panel,
  pictureWindow,
  type Run,
  requestCancellation,
  rowOf,
  sendMessage,
  takePictureOf,
  takePictureOfPanel,
  textOf,
} from '../support/browser.ts';
import { startChromium } from '../support/chromium.ts';
import { memoryPlan, worldsOf } from '../support/plans.ts';
import { type Bench, type Handle, openBench, until } from '../support/release.ts';
import { startThrough } from '../support/starting.ts';
import { startTemporal, type TemporalForTests } from '../support/temporal.ts';
import { findChromium, isMissing } from '../support/tools.ts';

const chromium = await findChromium();
const images = fileURLToPath(new URL('../../docs/images/', import.meta.url));

let temporal: TemporalForTests;
let bench: Bench;
let client: ReleaseClient;
let browser: Awaited<ReturnType<typeof startChromium>>;
let page: Page;
let uiUrl: string;

type AtGate = Run & { handle: Handle; url: string; digest: string };

async function atGate(application: string, parts: object = {}, environment = 'test'): Promise<AtGate> {
  const plan = { ...memoryPlan({ application, ...parts }), environment };
  const { workflowId, runId, url } = await startThrough(client, {
    home: join(bench.folder, crypto.randomUUID()),
    plan,
  });
  const handle = temporal.client.workflow.getHandle(workflowId) as Handle;
  const { question } = await until(handle, ({ question: asked }) => asked !== null);
  return { workflowId, runId, handle, url: url ?? '', digest: question?.digest ?? '' };
}

async function details(release: Run): Promise<string> {
  await openRelease(page, uiUrl, release, 'user-metadata');
  return await textOf(panel(page, 'Current Details'));
}

/** The body of one answer, copied from where the page shows it. */
async function shownBody(name: string): Promise<string> {
  const blocks = await panel(page, 'Current Details').locator('code.language-json').allInnerTexts();
  const wanted = name === 'approve' ? 'digest' : 'reason';
  return blocks.find((text) => Object.hasOwn(JSON.parse(text), wanted)) ?? '';
}

describe.skipIf(isMissing(chromium))('the Temporal UI', () => {
  beforeAll(async () => {
    temporal = await startTemporal({ ui: true });
    uiUrl = temporal.uiUrl ?? '';
    process.env.TEMPORAL_UI_URL = uiUrl;
    bench = await openBench(temporal);
    client = await connect({ address: temporal.address });
    browser = await startChromium();
  });

  afterAll(async () => {
    await browser?.stop();
    await client?.close();
    await bench?.stop();
    await temporal?.stop();
  });

  beforeEach(async () => {
    page = await browser.context.newPage();
    page.setDefaultTimeout(20_000);
    await page.setViewportSize(pictureWindow);
  });

  afterEach(() => page.close());

  describe('while a release waits at its gate', () => {
    it('says what waits, for whom, and how to answer in a terminal and on the page', async () => {
      const release = await atGate('shop', {}, 'production');
      await page.goto(release.url);
      const text = await textOf(panel(page, 'Current Details'));
      expect(await textOf(panel(page, 'Summary'))).toBe('shop production v2');
      expect(await textOf(panel(page, 'Details'))).toContain('Asked for by deployment-lead\n');
      expect(text).toContain('Release shop v2 to production?');
      expect(text).toContain('Who: product-owner; not deployment-lead, who asked for the release');
      expect(text).toContain('without an answer the answer is expire');
      expect(text).toContain('More Actions → Send an Update');
      const commands = await panel(page, 'Current Details').locator('code.language-sh').allInnerTexts();
      expect(commands.map((command) => command.trim().replaceAll(' \\\n  ', ' '))).toEqual([
        `savepoint approve release/shop/production --by product-owner --digest ${release.digest.slice(0, 12)}`,
        "savepoint reject release/shop/production --by product-owner --reason 'why'",
      ]);
      expect(JSON.parse(await shownBody('approve'))).toEqual({ by: 'product-owner', digest: release.digest });
      expect(text).toMatch(/✔ prepare backend · [\d.]+ m?s/);
      expect(text).toContain('still to come: survey database again → ');
      await takePictureOfPanel(page, 'Current Details', { file: `${images}gate.png`, height: 800 });
      await release.handle.terminate();
    });

    it('lists the steps by what they do', async () => {
      const release = await atGate('shop-steps');
      await openRelease(page, uiUrl, release, 'history');
      for (const summary of ['prepare backend v2', 'survey database v2', 'waits for go-no-go'])
        await page.getByText(summary).first().waitFor();
      await release.handle.terminate();
    });

    it('is found in the list by application, environment, version and phase', async () => {
      const release = await atGate('shop-listed');
      await addColumns(page, uiUrl, [
        'SavepointApplication',
        'SavepointEnvironment',
        'SavepointVersion',
        'SavepointPhase',
        'SavepointOutcome',
      ]);
      await expect
        .poll(() => rowOf(page, release.workflowId))
        .toMatchObject({
          SavepointApplication: 'shop-listed',
          SavepointEnvironment: 'test',
          SavepointVersion: 'v2',
          SavepointPhase: 'go/no-go',
          SavepointOutcome: '',
        });
      await client.reject(release.workflowId, { by: 'product-owner', reason: 'not tonight' });
      await release.handle.result();
      const query = encodeURIComponent('`SavepointOutcome`="rejected"');
      await page.goto(`${uiUrl}/namespaces/default/workflows?query=${query}`);
      await expect.poll(() => rowOf(page, release.workflowId)).toMatchObject({ SavepointOutcome: 'rejected' });
    });

    it.each(['Send a Signal', 'Send an Update'] as const)('%s says what each message takes', async (dialog) => {
      const release = await atGate(`shop-lists-${dialog === 'Send a Signal' ? 'signals' : 'updates'}`);
      await openRelease(page, uiUrl, release, 'user-metadata');
      await page.getByRole('button', { name: 'More Actions' }).click();
      await page.getByRole('menuitem', { name: dialog }).click();
      await openDialog(page)
        .getByRole('button', { name: /Select an? / })
        .click();
      if (dialog === 'Send an Update') await takePictureOf(openDialog(page), `${images}messages.png`);
      for (const name of ['approve', 'reject', 'decide', 'abort', 'rollback', 'finish', 'pause', 'resume']) {
        expect(await textOf(option(openDialog(page), name))).toContain('{"by": "…"');
      }
      await release.handle.terminate();
    });
  });

  describe.each(['Send a Signal', 'Send an Update'] as const)('%s', (dialog) => {
    const how = dialog === 'Send a Signal' ? 'signal' : 'update';

    it('approves with what the page shows, and the release goes on', async () => {
      const release = await atGate(`shop-go-${how}`);
      await details(release);
      await sendMessage(page, dialog, { name: 'approve', body: await shownBody('approve') });
      await dialogClosed(page);
      expect(await release.handle.result()).toMatchObject({ outcome: 'released' });
      expect(memoryWorld(worldsOf(`shop-go-${how}`).backend).state.version).toBe('v2');
    });

    it('rejects, and nothing was changed', async () => {
      const release = await atGate(`shop-no-${how}`);
      await details(release);
      const body = JSON.stringify({ ...JSON.parse(await shownBody('reject')), reason: 'prices are wrong' }, null, 2);
      await sendMessage(page, dialog, { name: 'reject', body });
      await dialogClosed(page);
      expect(await release.handle.result()).toMatchObject({
        outcome: 'rejected',
        decidedBy: { by: 'product-owner', reason: 'prices are wrong' },
      });
      expect(memoryWorld(worldsOf(`shop-no-${how}`).backend).state.version).toBe('v1');
      expect(await details(release)).toContain('never ran: ');
    });
  });

  describe('a wrong answer', () => {
    const wrong = JSON.stringify({ by: 'engineering-lead', digest: 'f'.repeat(64) }, null, 2);

    it('by signal changes nothing and is shown above the question after a refresh', async () => {
      const release = await atGate('shop-wrong-signal');
      await details(release);
      await sendMessage(page, 'Send a Signal', { name: 'approve', body: wrong });
      await dialogClosed(page);
      await until(release.handle, ({ refusals }) => refusals.length === 1);
      const text = await details(release);
      expect(text).toMatch(/Refused just now\s+.* UTC approve by engineering-lead: digest f+ is not what waits here/);
      expect(text.indexOf('Refused just now')).toBeLessThan(text.indexOf('Release shop-wrong-signal v2 to test?'));
      await release.handle.terminate();
    });

    it('by update is refused in the dialog, in words and without a stack', async () => {
      const release = await atGate('shop-wrong-update');
      await details(release);
      await sendMessage(page, 'Send an Update', { name: 'approve', body: wrong });
      await openDialog(page).getByText('is not what waits here').first().waitFor();
      await takePictureOf(openDialog(page), `${images}refused.png`);
      expect(await textOf(openDialog(page))).not.toContain('handlers.ts');
      await release.handle.terminate();
    });
  });

  it('a cancel during a deploy undoes what was done', async () => {
    const application = 'shop-cancelled';
    const release = await atGate(application, { frontend: { workMs: { apply: '60s' } } });
    await client.approve(release.workflowId, { by: 'product-owner', digest: release.digest });
    const deploying = ({ id, state }: { id: string; state: string }) => id === 'deploy frontend' && state === 'running';
    await until(release.handle, ({ steps }) => steps.some(deploying));
    await openRelease(page, uiUrl, release, 'history');
    for (const summary of ['deploy backend v2', 'deploy frontend v2']) await page.getByText(summary).first().waitFor();
    expect(memoryWorld(worldsOf(application).backend).state.version).toBe('v2');
    await requestCancellation(page);
    expect(await release.handle.result()).toMatchObject({ outcome: 'aborted' });
    expect(memoryWorld(worldsOf(application).backend).state.version).toBe('v1');
    expect(await details(release)).toMatch(/cancel by somebody in the Temporal UI[\s\S]*↩ backend · restored/);
  });

  it('after a rollback says what failed, what was seen, and what is back at which level of proof', async () => {
    const smoke = [{ name: 'orders answer', kind: 'command', run: ['sh', '-c', 'echo "GET /orders → 500"; exit 1'] }];
    const release = await atGate('shop', { more: { smoke } }, 'staging');
    await client.approve(release.workflowId, { by: 'product-owner', digest: release.digest });
    expect(await release.handle.result()).toMatchObject({ outcome: 'rolled-back' });
    const text = await details(release);
    expect(text).toContain('rolled-back: everything that had to go back is back');
    expect(text).toContain('✘ smoke failed: orders answer: sh ended with exit code 1');
    expect(text).toContain('GET /orders → 500');
    expect(text).toContain('↩ backend · restored · proved by version');
    expect(text).toMatch(/Notes\s+[\s\S]*database keeps what the migration brought[\s\S]*Steps/);
    expect(memoryWorld(worldsOf('shop').backend).state.version).toBe('v1');
    await takePictureOfPanel(page, 'Current Details', { file: `${images}rolled-back.png`, height: 640 });
  });
});
