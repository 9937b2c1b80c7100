from django.apps import AppConfig
from django.core.checks import register

from backorders_site.checks import settings_make_sense


class SiteConfig(AppConfig):
    name = "backorders_site"
    verbose_name = "Site"

    def ready(self) -> None:
        register(settings_make_sense)
