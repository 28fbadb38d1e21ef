-- savepoint: no-transaction
-- An index is built without locking the table, which PostgreSQL allows only outside a transaction.
-- So each statement stays done when the next one fails.
ALTER TABLE customers RENAME COLUMN name TO full_name;
ALTER TABLE customers ADD COLUMN first_name text, ADD COLUMN last_name text;
UPDATE customers SET first_name = split_part(full_name, ' ', 1), last_name = nullif(split_part(full_name, ' ', 2), '');
CREATE INDEX CONCURRENTLY customers_by_last_name ON customers (last_name);
-- The flaw: some customers gave one name only.
ALTER TABLE customers ALTER COLUMN last_name SET NOT NULL;
ALTER TABLE customers DROP COLUMN full_name;
