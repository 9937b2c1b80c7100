"""The desk's own pages, under /admin/desk/. Each view says whom it opens for: desk.pages.staff_page."""

from django.urls import path

from backorders_site.desk import (
    examples,
    go_live,
    holding,
    importing,
    order,
    picking,
    product,
    reports,
    search,
    shipping,
    telling,
    today,
)

app_name = "desk"
urlpatterns = [
    path("queues.csv", today.queues_csv, name="queues"),
    # People
    path("search/", search.search, name="search"),
    path("order/<path:number>/", order.order, name="order"),
    # Reports
    path("reports/", reports.index, name="reports"),
    path("reports/<slug:slug>/", reports.report, name="report"),
    path("reports/<slug:slug>.csv", reports.report_csv, name="report_csv"),
    # Files and the first day
    path("import/", importing.index, name="import"),
    path("import/<int:pk>/", importing.upload, name="upload"),
    path("import/<int:pk>/columns/", importing.columns, name="upload_columns"),
    path("import/<int:pk>/confirm/", importing.confirm, name="upload_confirm"),
    path("import/<int:pk>/check/", importing.check, name="upload_check"),
    path("import/<int:pk>/discard/", importing.discard, name="upload_discard"),
    path("import/undo/<int:pk>/", importing.undo, name="undo_import"),
    path("import/<int:pk>/rejected.csv", importing.rejected_csv, name="upload_rejected"),
    path("go-live/", go_live.go_live, name="go_live"),
    path("mail/", holding.mail, name="mail"),
    # Deliveries and their products
    path("product/<path:sku>/", product.show, name="product"),
    path("telling/<path:sku>/", telling.show, name="telling"),
    path("example/<slug:name>/", examples.example, name="example"),
    path("receive/", picking.receiving, name="receiving"),
    path("pick-list/", picking.picking, name="picking"),
    path("pick-list.csv", picking.picking_csv, name="picking_csv"),
    path("ship/", shipping.ship, name="shipping"),
]
