"""The three roles of the staff, with the permissions their work needs and no others."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from backorders_site.staff.roles import grant, grant_all

SEEN_BY_ALL = """
    orders.view_product orders.view_supplier orders.view_restock orders.view_restockdate
    orders.view_receipt orders.view_stock orders.view_order orders.view_orderline
    orders.view_allocation orders.view_shipment orders.view_shipmentline
    orders.view_note orders.add_note
"""
WAREHOUSE = SEEN_BY_ALL + """
    orders.receive_restock orders.correct_receipt orders.ship_order orders.correct_shipment
"""
# Those who answer customers see their addresses, and what the shop changed in an order.
SUPPORT = SEEN_BY_ALL + """
    orders.view_event orders.view_promise orders.view_delaynotice orders.view_answer
    orders.view_refund orders.view_queuechange orders.view_forecast orders.view_address
    orders.view_shopchange orders.view_shoptask
    orders.add_order orders.change_order orders.cancel_order orders.add_answer
    orders.move_orderline orders.restore_orderline orders.settle_orderline
    orders.send_refund orders.confirm_shoptask
    notifications.view_message notifications.view_messageevent notifications.view_attempt
    notifications.view_providerreport notifications.decide_message
    notifications.view_pause notifications.pause_email
    notifications.view_suppression notifications.add_suppression notifications.change_suppression
    notifications.delete_suppression
"""
# Besides everything of the two apps: staff, without the right to make anybody a superuser
# (backorders_site.staff.admin.people).
MANAGER_BESIDES = "auth.view_user auth.add_user auth.change_user auth.view_group"


def make_roles(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    grant(apps, "Warehouse", WAREHOUSE)
    grant(apps, "Support", SUPPORT)
    grant_all(apps, "Manager", "orders", "notifications")
    grant(apps, "Manager", MANAGER_BESIDES)


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0002_functions_and_triggers"),
        ("notifications", "0002_sent_mail_stays"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
