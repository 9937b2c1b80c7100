from django.db import migrations, models

# As in 0002, but what came back may be told anew, and was told then.
HISTORY = """
CREATE OR REPLACE FUNCTION orders_keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE may_change text[] := string_to_array(coalesce(TG_ARGV[0], ''), ',');
BEGIN
    IF current_setting('backorders.erase', true) = 'on' THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP = 'UPDATE' AND (to_jsonb(NEW) - may_change) = (to_jsonb(OLD) - may_change)
       AND NOT ('told_at' = ANY(may_change) AND to_jsonb(OLD)->>'told_at' IS NOT NULL{unless}
                AND to_jsonb(NEW)->>'told_at' IS DISTINCT FROM to_jsonb(OLD)->>'told_at') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is history: correct it by a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER keep_history ON orders_event;
CREATE TRIGGER keep_history BEFORE UPDATE OR DELETE ON orders_event
FOR EACH ROW EXECUTE FUNCTION orders_keep_history('{columns}');
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0017_indexes_of_long_lists")]
    operations = [
        migrations.AddField(
            "event",
            "returned_at",
            models.DateTimeField(
                blank=True, null=True, help_text="The mail that told it came back; empty again once another tells it."
            ),
        ),
        migrations.RunSQL(
            HISTORY.format(
                columns="told_at,message_due,returned_at", unless=" AND to_jsonb(OLD)->>'returned_at' IS NULL"
            ),
            HISTORY.format(columns="told_at,message_due", unless=""),
        ),
    ]
