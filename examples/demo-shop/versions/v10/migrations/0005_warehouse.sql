-- Every order is sent from somewhere, so code that does not say from where cannot write orders any more.
ALTER TABLE orders ADD COLUMN warehouse text;
UPDATE orders SET warehouse = 'main';
ALTER TABLE orders ALTER COLUMN warehouse SET NOT NULL;
