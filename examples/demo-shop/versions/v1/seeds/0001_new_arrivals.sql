-- Seeds may run with every release, so each can run twice.
INSERT INTO products (id, name, category, price_cents)
SELECT 400 + n, format('Arrival No. %s', n), 'new', 1900 + n * 100 FROM generate_series(1, 20) AS n
ON CONFLICT DO NOTHING;
