from django.contrib.admin.apps import SimpleAdminConfig
from django.utils.module_loading import autodiscover_modules


class StaffAdminConfig(SimpleAdminConfig):
    default_site = "backorders_site.staff.site.StaffSite"

    def ready(self) -> None:
        super().ready()
        autodiscover_modules("staff.admin")
