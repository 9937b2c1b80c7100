from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from backorders_site.look import icons, theme
from backorders_site.ops import health
from backorders_site.ops.metrics import metrics

handler400 = "backorders_site.ops.errors.bad_request"
handler403 = "backorders_site.ops.errors.permission_denied"
handler404 = "backorders_site.ops.errors.page_not_found"
handler500 = "backorders_site.ops.errors.server_error"
urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("metrics", metrics),
    path("favicon.ico", icons.favicon),
    path("", include(theme.urlpatterns)),
    path("admin/desk/", include("backorders_site.staff.urls")),
    path("admin/second-factor/passkey/", include("backorders_site.staff.passkeys")),
    path("admin/", admin.site.urls),
    path("", include("notifications.urls")),
    path("", include("orders.urls")),
]
if settings.DEMO:  # no part of what runs in production
    urlpatterns += [path("demo/", include("backorders_site.demo.pages"))]
