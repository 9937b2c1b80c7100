"""The only writers. Each is one transaction; `now` is an argument; Refused says what a person has to mend."""

from orders.services.allocating import allocate
from orders.services.cancelling import cancel, restore
from orders.services.forecasting import today_of
from orders.services.keeping import keep_deadlines, release_quiet_orders, start_release
from orders.services.moving import move_in_queue
from orders.services.placing import NewLine, NewOrder, place_order, place_orders
from orders.services.promising import review, review_all, review_settled
from orders.services.refusal import Refused
from orders.services.shipping import correct_shipment, ship
from orders.services.supplying import (
    cancel_restock,
    correct_receipt,
    expect_restock,
    move_restock_date,
    receive,
)
from orders.services.telling import mark_not_told, mark_told

__all__ = [
    "NewLine",
    "NewOrder",
    "Refused",
    "allocate",
    "cancel",
    "cancel_restock",
    "correct_receipt",
    "correct_shipment",
    "expect_restock",
    "keep_deadlines",
    "mark_not_told",
    "mark_told",
    "move_in_queue",
    "move_restock_date",
    "place_order",
    "place_orders",
    "receive",
    "release_quiet_orders",
    "restore",
    "review",
    "review_all",
    "review_settled",
    "ship",
    "start_release",
    "today_of",
]
