-- The flaw: these prices are in euros, the column holds cents. A chair for 59 cents would be sold all night.
INSERT INTO products (id, name, category, price_cents)
VALUES (501, 'Garden chair', 'garden', 59), (502, 'Garden table', 'garden', 189), (503, 'Parasol', 'garden', 75)
ON CONFLICT DO NOTHING;
