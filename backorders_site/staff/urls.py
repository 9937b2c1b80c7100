"""The desk's own pages, under /admin/desk/. Each view names its permission:
staff.pages.base.staff_page."""

from django.urls import path

from backorders_site.staff.pages import (
    email_progress,
    example_email,
    go_live,
    import_undo,
    imports,
    order,
    pause,
    pick_and_receive,
    product,
    reports,
    search,
    ship,
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
    path("import/", imports.index, name="import"),
    path("import/<int:pk>/", imports.upload, name="upload"),
    path("import/<int:pk>/columns/", imports.columns, name="upload_columns"),
    path("import/<int:pk>/words/", imports.words, name="upload_words"),
    path("import/<int:pk>/confirm/", imports.confirm, name="upload_confirm"),
    path("import/<int:pk>/check/", imports.check, name="upload_check"),
    path("import/<int:pk>/discard/", imports.discard, name="upload_discard"),
    path("import/undo/<int:pk>/", import_undo.undo, name="undo_import"),
    path("import/<int:pk>/rejected.csv", imports.rejected_csv, name="upload_rejected"),
    path("go-live/", go_live.go_live, name="go_live"),
    path("mail/", pause.mail, name="mail"),
    # Deliveries and their products
    path("product/<path:sku>/", product.show, name="product"),
    path("telling/<path:sku>/", email_progress.show, name="telling"),
    path("example/<slug:name>/", example_email.example, name="example"),
    path("receive/", pick_and_receive.receiving, name="receiving"),
    path("pick-list/", pick_and_receive.picking, name="picking"),
    path("pick-list.csv", pick_and_receive.picking_csv, name="picking_csv"),
    path("ship/", ship.ship, name="shipping"),
]
