-- Allocation locks a product's stock row, so there is one from the start.
CREATE FUNCTION orders_open_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO orders_stock (product_id, arrived, allocated) SELECT id, 0, 0 FROM new_rows;
    RETURN NULL;
END $$;
CREATE TRIGGER open_stock AFTER INSERT ON orders_product REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION orders_open_stock();
