-- Each address an order had (FormerAddress), unless its customer is being erased.
CREATE FUNCTION orders_keep_former_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('backorders.erase', true), '') <> 'on' THEN
        INSERT INTO orders_formeraddress (order_id, address, until)
        VALUES (OLD.id, OLD.email, clock_timestamp());
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_former_address AFTER UPDATE OF email ON orders_order
    FOR EACH ROW WHEN (OLD.email <> '' AND upper(OLD.email) <> upper(NEW.email))
    EXECUTE FUNCTION orders_keep_former_address();
