from contextlib import suppress

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import register
from sentry_sdk.utils import BadDsn

from backorders_site.config.checks import settings_make_sense
from backorders_site.ops.errors import report_errors


class SiteConfig(AppConfig):
    name = "backorders_site"
    verbose_name = "Site"

    def ready(self) -> None:
        register(settings_make_sense)
        if settings.SENTRY_DSN:
            with suppress(BadDsn, ValueError):  # the checks report these
                report_errors(settings.SENTRY_DSN, release=settings.BUILD)
