import { setTimeout as sleep } from 'node:timers/promises';
import { runSql } from '../../support/postgres.ts';
import type { World } from '../../support/world.ts';

const everyMs = 100;

/** Orders as users send them, one after the other, until it is over. The world's ledger has each that was confirmed. */
export async function writeOrders(world: World, over: AbortSignal): Promise<void> {
  for (let number = 1; !over.aborted; number += 1) {
    await order(world, `order-${number}`);
    await sleep(everyMs);
  }
}

/** @returns true when the service confirmed it; anything else may or may not have come through */
export async function order({ front, ledger }: World, name: string): Promise<boolean> {
  const url = `${front.origin}/api/items?name=${name}`;
  ledger.note('shopper', 'sent', name);
  const isConfirmed = await fetch(url, { method: 'POST', signal: AbortSignal.timeout(20_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
  if (isConfirmed) ledger.note('shopper', 'confirmed', name);
  return isConfirmed;
}

/** What the database says about the orders of the ledger: each that was confirmed is there, and none is there twice. */
export async function judgeOrders({ ledger }: Pick<World, 'ledger'>, url: string): Promise<string[]> {
  const rows = await runSql(url, `select name, count(*)::int as times from items where name like 'order-%' group by 1`);
  const times = new Map(rows.map((row) => [String(row.name), Number(row.times)]));
  const namesOf = (what: string): string[] => ledger.entries(what).map(({ detail }) => String(detail));
  const lost = namesOf('confirmed').filter((name) => !times.has(name));
  const twice = [...times].filter(([, count]) => count > 1).map(([name]) => name);
  const sent = new Set(namesOf('sent'));
  const unknown = [...times.keys()].filter((name) => !sent.has(name));
  return [
    ...(lost.length > 0 ? [`lost ${lost.length} confirmed orders: ${lost.join(', ')}`] : []),
    ...(twice.length > 0 ? [`twice in the database: ${twice.join(', ')}`] : []),
    ...(unknown.length > 0 ? [`nobody sent ${unknown.join(', ')}`] : []),
  ];
}
