import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { bestsellers } from './bestsellers.mjs';
import { query, Unavailable } from './database.mjs';
import { orderForm, Refused } from './order-form.mjs';
import { findOrder, placeOrder, quote } from './orders.mjs';
import { products } from './products.mjs';

const version = process.env.VERSION ?? 'unknown';

const routes = [
  ['GET', /^\/health$/, health],
  ['GET', /^\/version$/, () => ok({ version })],
  ['GET', /^\/products$/, async () => ok(await products())],
  ['GET', /^\/bestsellers$/, async () => ok(await bestsellers())],
  ['POST', /^\/quote$/, async (request) => ok({ totalCents: await quote(orderForm(await body(request))) })],
  ['POST', /^\/orders$/, order],
  ['GET', /^\/orders\/(\d{1,9})$/, async (_request, id) => shown(await findOrder(Number(id)))],
];

async function health() {
  try {
    await query('SELECT 1');
    return ok({ status: 'ok', version, database: 'ok' });
  } catch {
    return { status: 503, body: { status: 'degraded', version, database: 'unreachable' } };
  }
}

async function order(request) {
  const { created, order } = await placeOrder(orderForm(await body(request)));
  return { status: created ? 201 : 200, body: order };
}

function shown(order) {
  return order === null ? { status: 404, body: { error: 'there is no such order' } } : ok(order);
}

function ok(body) {
  return { status: 200, body };
}

async function body(request) {
  try {
    return await json(request);
  } catch {
    throw new Refused('the body is not JSON');
  }
}

async function answer(request) {
  const path = new URL(request.url, 'http://shop').pathname;
  for (const [method, pattern, handle] of routes) {
    const match = request.method === method ? pattern.exec(path) : null;
    if (match !== null) return handle(request, match[1]);
  }
  return { status: 404, body: { error: 'there is nothing here' } };
}

function failed(error) {
  if (error instanceof Refused) return { status: 400, body: { error: error.message } };
  if (error instanceof Unavailable) return { status: 503, body: { error: 'the shop is busy, please try again' } };
  console.error(`ERROR ${error.stack}`);
  return { status: 500, body: { error: 'something went wrong' } };
}

const server = createServer(async (request, response) => {
  const { status, body } = await answer(request).catch(failed);
  response.writeHead(status, { 'content-type': 'application/json', 'x-shop-version': version });
  response.end(JSON.stringify(body));
});

server.listen(Number(process.env.PORT), '127.0.0.1', () =>
  console.log(`shop ${version} listening on ${process.env.PORT}`),
);

// The front has sent new orders elsewhere by now, save one that is on its way; those in progress are finished first.
const lastOrdersMs = 250;
process.on('SIGTERM', () => {
  setTimeout(() => {
    server.close(() => process.exit(0));
    // A connection that is kept alive becomes idle after its last answer; nothing more will come on it.
    setInterval(() => server.closeIdleConnections(), 50);
  }, lastOrdersMs);
});
