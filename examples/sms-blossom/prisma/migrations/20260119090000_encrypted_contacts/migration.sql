ALTER TABLE customers
  ADD COLUMN phone_encrypted TEXT,
  ADD COLUMN phone_hash TEXT,
  ADD COLUMN email_encrypted TEXT,
  ADD COLUMN email_hash TEXT;
