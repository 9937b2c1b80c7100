"""Django's admin as the staff's own site."""

from django.contrib.admin.apps import SimpleAdminConfig


class StaffAdminConfig(SimpleAdminConfig):
    default_site = "backorders_site.staff.site.StaffSite"

    def ready(self) -> None:
        super().ready()
        from backorders_site.staff import admin  # noqa: F401, PLC0415 - models are loaded by now
