-- The backend reads and writes rows. It creates nothing and deletes nothing, so only a release changes the schema.
GRANT SELECT, INSERT, UPDATE ON products, customers, orders, order_lines TO shop_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE ON TABLES TO shop_app;

-- Nobody else connects. A restored copy must carry this over: copying a database silently undoes it.
DO $$
BEGIN
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO shop_app', current_database());
END
$$;
