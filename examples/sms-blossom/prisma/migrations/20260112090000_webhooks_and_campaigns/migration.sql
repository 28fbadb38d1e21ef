CREATE TABLE webhook_events (
  id TEXT PRIMARY KEY,
  shop_domain TEXT NOT NULL,
  topic TEXT NOT NULL,
  payload JSONB NOT NULL,
  received_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  worked_on_at TIMESTAMPTZ
);

CREATE TABLE campaigns (
  id SERIAL PRIMARY KEY,
  shop_domain TEXT NOT NULL,
  name TEXT NOT NULL,
  template TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE messages (
  id SERIAL PRIMARY KEY,
  campaign_id INTEGER NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
  recipient_hash TEXT NOT NULL,
  body TEXT NOT NULL,
  test BOOLEAN NOT NULL DEFAULT false,
  sent_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE discounts (
  id SERIAL PRIMARY KEY,
  shop_domain TEXT NOT NULL,
  code TEXT NOT NULL UNIQUE,
  percent INTEGER NOT NULL CHECK (percent BETWEEN 1 AND 100)
);
