"""Lists and records of the admin, one module for what they show. Rows change through services
only."""

from django.conf import settings
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from backorders_site.staff.admin import (
    emails,
    history,
    lines,
    orders,
    people,
    restocks,
    shop_changes,
    shop_tasks,
)

admin.site.site_header = settings.SHOP_NAME
admin.site.site_title = settings.SHOP_NAME
admin.site.index_title = _("Backorders")
admin.site.site_url = settings.SITE_URL

__all__ = [
    "emails",
    "history",
    "lines",
    "orders",
    "people",
    "restocks",
    "shop_changes",
    "shop_tasks",
]
