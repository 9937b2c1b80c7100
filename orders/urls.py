from django.urls import path

from orders.pages import answer, my_orders, product, views

urlpatterns = [
    path("", views.look_up, name="look_up"),
    path("o/<str:token>/", views.order, name="order"),
    path("o/<str:token>/live/", views.live, name="live"),
    path("o/<str:token>/answer/", answer.answer, name="answer"),
    path("o/<str:token>/status.json", views.status_json, name="status_json"),
    path("o/<str:token>/calendar.ics", views.calendar, name="calendar"),
    path("mine/", my_orders.ask, name="mine"),
    path("mine/<str:token>/", my_orders.show, name="mine_orders"),
    path("record/", views.record, name="record"),
    # SKUs may contain slashes.
    path("p/<path:sku>/promise.json", product.promise_json, name="promise_json"),
    path("p/<path:sku>/", product.product, name="product"),
    path("embed/<path:sku>/", product.embed, name="embed"),
]
