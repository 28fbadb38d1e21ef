import { appendFile, readFile } from 'node:fs/promises';
import { request } from 'undici';

/** An order that the shop acknowledged, as the writer wrote it down. */
export type Acknowledged = { key: string; id: number; totalCents: number; at: string };

export type OrderWriter = {
  /** Orders acknowledged so far. */
  acknowledged(): number;
  /** Orders that were sent and are not acknowledged yet. */
  waiting(): number;
  /** Places no new orders; waits until every order that was sent is acknowledged, or `patienceMs` are over. */
  stop(patienceMs: number): Promise<void>;
};

type WriterOptions = { origin: string; ledger: string; perSecond: number };

const pauseMs = 300;
const timeoutMs = 3_000;
/** Customers who find the shop closed come again, but no crowd gathers at the door. */
const waitingAtMost = 40;

/**
 * Places orders as customers do, through the shop's public address, and appends each acknowledged one to `ledger`, one
 * JSON document per line. An order without an answer is sent again under the same key until it is acknowledged, so that
 * none is placed twice and none is forgotten.
 */
export function startOrders({ origin, ledger, perSecond }: WriterOptions): OrderWriter {
  const open = new Set<Promise<void>>();
  const run = Date.now().toString(36);
  let number = 0;
  let acknowledged = 0;
  let givenUp = false;

  async function place(order: Order): Promise<void> {
    for (; !givenUp; await pause()) {
      const answer = await send(origin, order);
      if (answer === null) continue;
      await appendFile(ledger, `${JSON.stringify({ ...answer, at: new Date().toISOString() })}\n`);
      acknowledged += 1;
      return;
    }
  }

  const timer = setInterval(() => {
    if (open.size >= waitingAtMost) return;
    number += 1;
    const placed: Promise<void> = place(orderNumber(number, run)).finally(() => open.delete(placed));
    open.add(placed);
  }, 1000 / perSecond);

  return {
    acknowledged: () => acknowledged,
    waiting: () => open.size,
    stop: async (patienceMs) => {
      clearInterval(timer);
      const limit = setTimeout(() => {
        givenUp = true;
      }, patienceMs);
      await Promise.all(open);
      clearTimeout(limit);
    },
  };
}

type Order = {
  idempotencyKey: string;
  customer: { email: string; name: string };
  lines: { product: number; quantity: number }[];
};

function orderNumber(number: number, run: string): Order {
  return {
    idempotencyKey: `order-${run}-${number}`,
    customer: { email: `customer${1 + (number % 250)}@mail.example`, name: `Customer No${number % 250}` },
    lines: [
      { product: 1 + (number % 300), quantity: 1 + (number % 3) },
      { product: 401 + (number % 20), quantity: 1 },
    ],
  };
}

/** The shop's acknowledgement, or null when it gave none: busy, closed, cut off. */
async function send(origin: string, order: Order): Promise<Omit<Acknowledged, 'at'> | null> {
  try {
    const { statusCode, body } = await request(`${origin}/api/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(order),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    const answer = (await body.json()) as Omit<Acknowledged, 'at'>;
    if (statusCode !== 200 && statusCode !== 201) return null;
    return { key: order.idempotencyKey, id: answer.id, totalCents: answer.totalCents };
  } catch {
    return null;
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pauseMs));
}

/** Reads the ledger; a missing file is an empty one. A last line that was cut off in writing is no acknowledgement. */
export async function readLedger(ledger: string): Promise<Acknowledged[]> {
  const content = await readFile(ledger, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const lines = content.slice(0, content.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Acknowledged);
}
