"""The desk's own pages, under /admin/desk/. Each view says whom it opens for: desk.pages.staff_page."""

from django.urls import path

from backorders_site.desk import order, search, today

app_name = "desk"
urlpatterns = [
    path("queues.csv", today.queues_csv, name="queues"),
    # People
    path("search/", search.search, name="search"),
    path("order/<path:number>/", order.order, name="order"),
]
