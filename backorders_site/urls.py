from django.contrib import admin
from django.urls import include, path

from backorders_site import health, icons, theme
from backorders_site.desk import styleguide
from backorders_site.metrics import metrics

handler400 = "backorders_site.errors.bad_request"
handler403 = "backorders_site.errors.permission_denied"
handler404 = "backorders_site.errors.page_not_found"
handler500 = "backorders_site.errors.server_error"
urlpatterns = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("metrics", metrics),
    path("favicon.ico", icons.favicon),
    path("", include(theme.urlpatterns)),
    path("styleguide/", styleguide.show, name="styleguide"),
    path("demo/", include("backorders_site.desk.demo")),
    path("admin/desk/", include("backorders_site.desk.urls")),
    path("admin/", admin.site.urls),
    path("", include("notifications.urls")),
    path("", include("orders.urls")),
]
