INSERT INTO products (id, name, category, price_cents) VALUES (450, 'Gift wrap', 'new', 500) ON CONFLICT DO NOTHING;
