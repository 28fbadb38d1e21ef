import { setTimeout as sleep } from 'node:timers/promises';
import type { ReleaseResult } from '../../release/status.ts';
import { complaints, type DemoDocument, demoDocument, demoSummary, type Released } from './document.ts';
import { type Intended, intended } from './intended.ts';
import { startOrders } from './orders.ts';
import { startProber } from './prober.ts';
import { reconcile } from './reconcile.ts';
import type { Workspace } from './workspace.ts';

/** Releases one version and resolves when that has ended; null when the person wants to stop. */
export type Release = (version: string, answer?: Intended['answer']) => Promise<ReleaseResult | null>;

export type Telling = {
  workspace: Workspace;
  release: Release;
  say(line: string): void;
  /** Default: every version of the demo. */
  wanted?: readonly Intended[];
};

/** `complaints`: what did not go as intended, one line each. `stopped`: a person ended it before the last version. */
export type Told = { document: DemoDocument; complaints: string[]; stopped: boolean };

const ordersPerSecond = 20;
const lastOrdersMs = 20_000;
/** Customers order for a moment between two releases, so that each starts from a shop at work. */
const betweenMs = 300;

/** Opens the shop at v1, lets customers order, and releases one version after the other while they do. */
export async function tellStory({ workspace, release, say, wanted = intended }: Telling): Promise<Told> {
  const { origin, ledger, environment } = workspace;
  say('The shop opens: v1, released for the first time.');
  const first = await release('v1');
  if (first?.outcome !== 'released') throw new Error(`v1 could not be installed: ${whyNot(first)}`);
  say(`The shop is open at ${origin} and customers order.`);
  const prober = startProber(origin);
  const orders = startOrders({ origin, ledger, perSecond: ordersPerSecond });
  const releases: Released[] = [];
  try {
    for (const next of wanted) {
      await sleep(betweenMs);
      say('');
      say(`${next.version}: ${next.story}`);
      const from = Date.now();
      const result = await release(next.version, next.answer);
      if (result === null) break;
      // The last question before the end is answered a moment after it.
      await sleep(betweenMs);
      releases.push({ wanted: next, result, downtimeMs: prober.downtimeMs(from, Date.now()) });
    }
  } finally {
    await orders.stop(lastOrdersMs);
    await prober.stop();
  }
  const found = await reconcile(environment.SHOP_ADMIN_URL, ledger);
  for (const line of demoSummary(releases, found)) say(line);
  return {
    document: demoDocument(releases, found),
    complaints: complaints(wanted, releases, found),
    stopped: releases.length < wanted.length,
  };
}

function whyNot(result: ReleaseResult | null): string {
  if (result === null) return 'it was stopped';
  return [result.outcome, result.failedStep, result.failure?.message].filter(Boolean).join(', ');
}
