-- Backward compatible: v1 neither reads nor writes the column.
ALTER TABLE orders ADD COLUMN note text;
