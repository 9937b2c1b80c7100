"""The only writers. Each is one transaction; `now` is an argument; Refused says what a person has to mend."""

from orders.services.ahead import brought, shipped_ahead
from orders.services.allocating import allocate
from orders.services.answering import Answered, answer, apply_silence, put_back, remind, warn_staff, way_back
from orders.services.asking import ask_for_orders
from orders.services.cancelling import Changed, cancel, mark_refund_sent, restore
from orders.services.discontinuing import discontinue, discontinue_free_part, discontinue_part, ending
from orders.services.erasing import erase_files, erase_orders, erasing
from orders.services.forecasting import today_of
from orders.services.keeping import deadlines_left, keep_deadlines, reassure, release_quiet_orders, start_release
from orders.services.linking import ask_for_link
from orders.services.moving import move_in_queue
from orders.services.noticing import decide_again
from orders.services.noting import NO_ADDRESS, correct_address, tell_customer, write_note
from orders.services.numbering import NUMBERED, number_parcel
from orders.services.placing import NewLine, NewOrder, add_lines, place_order, place_orders
from orders.services.promising import publish_joined, review, review_all, review_settled, unreviewed
from orders.services.reconciling import (
    CONFLICT,
    begin_import,
    end_import,
    held_text,
    hold,
    know_products,
    learn_address,
    notice,
    record_parcel,
    serve_joined,
    settle,
    settle_shipped,
    strike,
)
from orders.services.recording import Arrival, Delivery, PostedDate, Recorded, record_deliveries
from orders.services.refusal import MOST_UNITS, Refused
from orders.services.shipping import correct_shipment, ship
from orders.services.shop_tasks import confirm_in_shop, shown_by_shop
from orders.services.supplying import (
    IMPLAUSIBLE,
    MOVE_REASONS,
    cancel_restock,
    correct_receipt,
    date_before,
    date_before_move,
    expect_restock,
    move_restock_date,
    receive,
    undo_move,
    were_other_units,
)
from orders.services.telling import make_news_due, mark_not_told, mark_returned, mark_told, reach_again, tell_again
from orders.services.uploading import (
    Outcome,
    confirm_upload,
    forget_files,
    map_columns,
    next_upload,
    upload,
    was_checked,
    was_imported,
    was_refused,
)

__all__ = [
    "CONFLICT",
    "IMPLAUSIBLE",
    "MOST_UNITS",
    "MOVE_REASONS",
    "NO_ADDRESS",
    "NUMBERED",
    "Answered",
    "Arrival",
    "Changed",
    "Delivery",
    "NewLine",
    "NewOrder",
    "Outcome",
    "PostedDate",
    "Recorded",
    "Refused",
    "add_lines",
    "allocate",
    "answer",
    "apply_silence",
    "ask_for_link",
    "ask_for_orders",
    "begin_import",
    "brought",
    "cancel",
    "cancel_restock",
    "confirm_in_shop",
    "confirm_upload",
    "correct_address",
    "correct_receipt",
    "correct_shipment",
    "date_before",
    "date_before_move",
    "deadlines_left",
    "decide_again",
    "discontinue",
    "discontinue_free_part",
    "discontinue_part",
    "end_import",
    "ending",
    "erase_files",
    "erase_orders",
    "erasing",
    "expect_restock",
    "forget_files",
    "held_text",
    "hold",
    "keep_deadlines",
    "know_products",
    "learn_address",
    "make_news_due",
    "map_columns",
    "mark_not_told",
    "mark_refund_sent",
    "mark_returned",
    "mark_told",
    "move_in_queue",
    "move_restock_date",
    "next_upload",
    "notice",
    "number_parcel",
    "place_order",
    "place_orders",
    "publish_joined",
    "put_back",
    "reach_again",
    "reassure",
    "receive",
    "record_deliveries",
    "record_parcel",
    "release_quiet_orders",
    "remind",
    "restore",
    "review",
    "review_all",
    "review_settled",
    "serve_joined",
    "settle",
    "settle_shipped",
    "ship",
    "shipped_ahead",
    "shown_by_shop",
    "start_release",
    "strike",
    "tell_again",
    "tell_customer",
    "today_of",
    "undo_move",
    "unreviewed",
    "upload",
    "warn_staff",
    "was_checked",
    "was_imported",
    "was_refused",
    "way_back",
    "were_other_units",
    "write_note",
]
