CREATE TABLE shops (
  id SERIAL PRIMARY KEY,
  domain TEXT NOT NULL UNIQUE,
  installed_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE customers (
  id SERIAL PRIMARY KEY,
  shop_id INTEGER NOT NULL REFERENCES shops (id),
  phone TEXT,
  email TEXT,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
