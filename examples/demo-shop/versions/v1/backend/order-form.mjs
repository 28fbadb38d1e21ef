import { randomUUID } from 'node:crypto';

/** The order cannot be taken as it was sent; the customer is told why. */
export class Refused extends Error {}

/** Reads what was sent: `{key, channel, customer: {email, name}, lines: [{product, quantity}], note}`. */
export function orderForm(body) {
  const lines = Array.isArray(body?.lines) ? body.lines : [];
  if (lines.length === 0) throw new Refused('an order needs at least one line');
  for (const { product, quantity } of lines) {
    if (!Number.isInteger(product)) throw new Refused('each line names a product by its number');
    if (!(Number.isInteger(quantity) && quantity > 0 && quantity < 1000)) throw new Refused('quantity is 1 to 999');
  }
  return {
    key: text(body.idempotencyKey) ?? randomUUID(),
    channel: body.channel === 'smoke' ? 'smoke' : 'shop',
    customer: { email: text(body.customer?.email) ?? 'guest@shop.example', name: text(body.customer?.name) ?? 'Guest' },
    lines: lines.map(({ product, quantity }) => ({ product, quantity })),
    note: text(body.note),
  };
}

function text(value) {
  return typeof value === 'string' && value !== '' ? value.slice(0, 200) : null;
}
