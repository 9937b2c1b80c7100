-- What went out stays as it went out; erasing a person sets backorders.erase for its own
-- transaction.
CREATE TRIGGER keep_history BEFORE UPDATE OR DELETE ON notifications_attempt
    FOR EACH ROW EXECUTE FUNCTION orders_keep_history('');

-- A mail with nothing but a link that was asked for may be taken back and written anew, as long as
-- it surely was not sent.
CREATE FUNCTION notifications_keep_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.kind = 'link' AND OLD.state = 'sending' AND NEW.state = 'queued'
        AND NEW.ambiguous_count = 0 AND NEW.frozen_at IS NULL
        AND OLD.message_id = NEW.message_id THEN
        RETURN NEW;
    END IF;
    IF coalesce(current_setting('backorders.erase', true), '') <> 'on' THEN
        RAISE EXCEPTION 'this mail was handed to a mail server: its content cannot change'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_frozen BEFORE UPDATE ON notifications_message FOR EACH ROW
    WHEN (OLD.message_id <> NEW.message_id OR OLD.frozen_at IS NOT NULL
          AND (OLD.frozen_at, OLD.subject, OLD.text, OLD.html, OLD.headers)
              IS DISTINCT FROM (NEW.frozen_at, NEW.subject, NEW.text, NEW.html, NEW.headers))
    EXECUTE FUNCTION notifications_keep_frozen();
