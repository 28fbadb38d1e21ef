-- Taken over from the shop before this one. Its numbers end below 1000, this shop counts from 1001.
INSERT INTO products (id, name, category, price_cents)
SELECT n, format('%s No. %s', (ARRAY['Lamp', 'Chair', 'Table', 'Shelf', 'Carpet', 'Mirror'])[1 + n % 6], n),
  (ARRAY['light', 'seating', 'tables', 'storage', 'floor', 'wall'])[1 + n % 6], 990 + (n * 7919) % 49000
FROM generate_series(1, 300) AS n;

-- Every tenth customer gave one name only, as customers do.
INSERT INTO customers (id, email, name)
SELECT n, format('customer%s@mail.example', n),
  CASE WHEN n % 10 = 0 THEN format('Customer%s', n) ELSE format('Customer No%s', n) END
FROM generate_series(1, 200) AS n;

INSERT INTO orders (id, idempotency_key, customer_id, total_cents, created_at)
SELECT n, format('past-%s', n), 1 + n % 200, 2 * p.price_cents, timestamptz '2026-01-01' + n * interval '1 hour'
FROM generate_series(1, 400) AS n JOIN products p ON p.id = 1 + n % 300;

INSERT INTO order_lines (order_id, position, product_id, quantity, price_cents)
SELECT n, 1, p.id, 2, p.price_cents FROM generate_series(1, 400) AS n JOIN products p ON p.id = 1 + n % 300;
