from django.urls import path

from orders.pages import (
    answer,
    calendar,
    json_api,
    live,
    look_up,
    my_orders,
    note_picture,
    order,
    product,
    public_record,
)

urlpatterns = [
    path("", look_up.look_up, name="look_up"),
    path("o/<str:token>/", order.order, name="order"),
    path("o/<str:token>/live/", live.live, name="live"),
    path("o/<str:token>/answer/", answer.answer, name="answer"),
    path("o/<str:token>/status.json", json_api.status_json, name="status_json"),
    path("o/<str:token>/calendar.ics", calendar.calendar, name="calendar"),
    path("mine/", my_orders.ask, name="mine"),
    path("mine/<str:token>/", my_orders.show, name="mine_orders"),
    path("notes/<str:name>", note_picture.note_picture, name="note_picture"),
    path("record/", public_record.record, name="record"),
    # SKUs may contain slashes.
    path("p/<path:sku>/promise.json", product.promise_json, name="promise_json"),
    path("p/<path:sku>/", product.product, name="product"),
    path("embed/<path:sku>/", product.embed, name="embed"),
]
