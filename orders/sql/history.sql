-- History stands as written, whichever way rows are written: what is wrong is corrected by a new
-- row. told_at is set once; what came back (returned_at) may be told anew, and was told then; an
-- event's outbox mark is the writer's. Erasing a person sets backorders.erase for its own
-- transaction.
CREATE FUNCTION orders_keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE may_change text[] := string_to_array(coalesce(TG_ARGV[0], ''), ',');
BEGIN
    IF current_setting('backorders.erase', true) = 'on' THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP = 'UPDATE' AND (to_jsonb(NEW) - may_change) = (to_jsonb(OLD) - may_change)
       AND NOT ('told_at' = ANY(may_change) AND to_jsonb(OLD)->>'told_at' IS NOT NULL
                AND to_jsonb(OLD)->>'returned_at' IS NULL
                AND to_jsonb(NEW)->>'told_at' IS DISTINCT FROM to_jsonb(OLD)->>'told_at') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is history: correct it by a new row', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER keep_history BEFORE UPDATE OR DELETE ON orders_restockdate
    FOR EACH ROW EXECUTE FUNCTION orders_keep_history('');
CREATE TRIGGER keep_history BEFORE UPDATE OR DELETE ON orders_receipt
    FOR EACH ROW EXECUTE FUNCTION orders_keep_history('');
CREATE TRIGGER keep_history BEFORE UPDATE OR DELETE ON orders_allocation
    FOR EACH ROW EXECUTE FUNCTION orders_keep_history('');
CREATE TRIGGER keep_history BEFORE UPDATE OR DELETE ON orders_shipment
    FOR EACH ROW EXECUTE FUNCTION orders_keep_history('');
CREATE TRIGGER keep_history BEFORE UPDATE OR DELETE ON orders_shipmentline
    FOR EACH ROW EXECUTE FUNCTION orders_keep_history('');
CREATE TRIGGER keep_history BEFORE UPDATE OR DELETE ON orders_queuechange
    FOR EACH ROW EXECUTE FUNCTION orders_keep_history('');
CREATE TRIGGER keep_history BEFORE UPDATE OR DELETE ON orders_promise
    FOR EACH ROW EXECUTE FUNCTION orders_keep_history('told_at,returned_at');
CREATE TRIGGER keep_history BEFORE UPDATE OR DELETE ON orders_event
    FOR EACH ROW EXECUTE FUNCTION orders_keep_history('told_at,message_due,returned_at');
