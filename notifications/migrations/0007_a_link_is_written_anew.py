from django.db import migrations

# A mail with nothing but a link that was asked for may be taken back and written anew, as long as it surely was not sent.
THAW = """
CREATE OR REPLACE FUNCTION notifications_keep_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.kind = 'link' AND OLD.state = 'sending' AND NEW.state = 'queued' AND NEW.ambiguous_count = 0
        AND NEW.frozen_at IS NULL AND OLD.message_id = NEW.message_id THEN
        RETURN NEW;
    END IF;
    IF coalesce(current_setting('backorders.erase', true), '') <> 'on' THEN
        RAISE EXCEPTION 'this mail was handed to a mail server: its content cannot change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
KEEP = """
CREATE OR REPLACE FUNCTION notifications_keep_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('backorders.erase', true), '') <> 'on' THEN
        RAISE EXCEPTION 'this mail was handed to a mail server: its content cannot change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0006_provider_reports")]
    operations = [migrations.RunSQL(THAW, KEEP)]
