ALTER TABLE customers RENAME COLUMN name TO display_name;
