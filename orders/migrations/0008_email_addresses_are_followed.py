from django.db import migrations

# A change of address that nobody has decided about yet ends: the next file that has it is followed.
END_UNDECIDED = """
    WITH ended AS (
        UPDATE orders_shopchange SET gone_at = clock_timestamp()
        WHERE what = 'email' AND outcome = '' AND gone_at IS NULL
        RETURNING order_id, text
    )
    UPDATE orders_order o SET attention = array_remove(o.attention, ended.text)
    FROM ended WHERE o.id = ended.order_id
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0007_notes_to_those_who_wait")]

    operations = [migrations.RunSQL(END_UNDECIDED, migrations.RunSQL.noop)]
