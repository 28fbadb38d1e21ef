import { json, type Route } from '../request.ts';
import { shopOf } from './guard.ts';
import type { Blossom } from './stores.ts';

type Discount = { id: number; code: string; percent: number };

/** Discount codes: made, looked up by their code, removed. */
export function discountRoutes(blossom: Blossom): Route {
  const { pool } = blossom;
  return async (request, response, app) => {
    const code = /^\/api\/discounts(?:\/([\w-]+))?$/.exec(request.url.pathname);
    if (code === null) return false;
    const shop = await shopOf(request, response, { app, blossom });
    if (shop === null) return true;
    if (request.method === 'POST') {
      const wanted = JSON.parse(request.body.toString('utf8')) as Discount;
      if (!(wanted.percent >= 1 && wanted.percent <= 100)) json(response, 422, { error: 'percent is 1 to 100' });
      else {
        const { rows } = await pool.query<Discount>(
          'INSERT INTO discounts (shop_domain, code, percent) VALUES ($1, $2, $3) RETURNING id, code, percent',
          [shop, wanted.code, wanted.percent],
        );
        json(response, 201, rows[0]);
      }
    } else if (request.method === 'DELETE') {
      await pool.query('DELETE FROM discounts WHERE shop_domain = $1 AND code = $2', [shop, code[1]]);
      response.writeHead(204).end();
    } else {
      const { rows } = await pool.query<Discount>(
        'SELECT id, code, percent FROM discounts WHERE shop_domain = $1 AND code = $2',
        [shop, code[1]],
      );
      json(response, rows.length === 0 ? 404 : 200, rows[0] ?? { error: 'no such code' });
    }
    return true;
  };
}
