"""The only writers. Each is one transaction; `now` is an argument; Refused says what a person has
to correct."""

from orders.services.allocation import allocate
from orders.services.answers import (
    Answered,
    answer,
    apply_silence,
    put_back_by_staff,
    remind,
    warn_staff,
)
from orders.services.cancellations import (
    Changed,
    cancel,
    correct_shipment,
    mark_refund_sent,
    return_to_queue,
)
from orders.services.deadlines import deadlines_left, keep_deadlines, say_day_passed
from orders.services.delay_notices import decide_again
from orders.services.discontinuation import (
    discontinue,
    discontinue_free_part,
    discontinue_part,
    ending,
)
from orders.services.email_results import (
    make_news_due,
    mark_not_told,
    mark_returned,
    mark_told,
    reach_again,
    tell_again,
)
from orders.services.erasure import erase_files, erase_orders, erasing
from orders.services.flags import clear_flags, flag, sent_back, sent_back_text, set_flags
from orders.services.forecasts import today_of
from orders.services.held_lines import count_held, held_text, hold_uncounted
from orders.services.import_preview import (
    Before,
    Worse,
    stand_before,
    touched_since,
    worse_news,
    worse_told,
)
from orders.services.import_records import (
    CONFLICT,
    begin_import,
    end_import,
    know_products,
    learn_address,
    record_parcel,
    serve_after_shipments,
    serve_joined,
)
from orders.services.import_undo import (
    UNDONE,
    Undoing,
    is_settled,
    settles_at,
    undo_import,
    undoing,
)
from orders.services.links import ask_for_link
from orders.services.locks import Locked, lock_orders, waiting_at_most
from orders.services.my_orders_links import ask_for_orders
from orders.services.no_change import next_word_by, quiet_until, reassure
from orders.services.notes import NO_ADDRESS, correct_address, tell_customer, write_note
from orders.services.orders import NewLine, NewOrder, add_lines, place_order, place_orders
from orders.services.promises import publish_joined, review, review_all, review_settled, unreviewed
from orders.services.put_back_rules import undo_of, what_may_be_put_back
from orders.services.queue_moves import move_in_queue
from orders.services.refusal import MAX_UNITS, Refused
from orders.services.releases import MAX_PER_HOUR, release_orders, start_release
from orders.services.restock_notes import hide_note, waiting_for, write_to_waiting
from orders.services.restock_records import (
    PostedDate,
    ReceivedUnits,
    RestockRecord,
    record_restocks,
)
from orders.services.restocks import (
    MAX_REACH,
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
from orders.services.shipments import ship
from orders.services.shipped_ahead import brought, shipped_ahead
from orders.services.shop_changes import (
    accept_place,
    changed_here,
    hear_of_changes,
    reject_change,
    standing_changes,
)
from orders.services.shop_facts import Look, learn_prices, learn_words, show_products
from orders.services.shop_tasks import confirm_in_shop, listed_again, shown_by_shop
from orders.services.stated_times import ToldInPeriod, record_stated_times
from orders.services.tracking import NUMBERED, number_parcel
from orders.services.uploads import (
    UploadResult,
    await_approval,
    check_again,
    confirm_upload,
    discard_upload,
    forget_files,
    map_columns,
    next_upload,
    oldest_upload,
    say_kind,
    say_words,
    upload,
    was_checked,
    was_imported,
    was_refused,
)

__all__ = [
    "CONFLICT",
    "MAX_PER_HOUR",
    "MAX_REACH",
    "MAX_UNITS",
    "MOVE_REASONS",
    "NO_ADDRESS",
    "NUMBERED",
    "UNDONE",
    "Answered",
    "Before",
    "Changed",
    "Locked",
    "Look",
    "NewLine",
    "NewOrder",
    "PostedDate",
    "ReceivedUnits",
    "Refused",
    "RestockRecord",
    "ToldInPeriod",
    "Undoing",
    "UploadResult",
    "Worse",
    "accept_place",
    "add_lines",
    "allocate",
    "answer",
    "apply_silence",
    "ask_for_link",
    "ask_for_orders",
    "await_approval",
    "begin_import",
    "brought",
    "cancel",
    "cancel_restock",
    "changed_here",
    "check_again",
    "clear_flags",
    "confirm_in_shop",
    "confirm_upload",
    "correct_address",
    "correct_receipt",
    "correct_shipment",
    "count_held",
    "date_before",
    "date_before_move",
    "deadlines_left",
    "decide_again",
    "discard_upload",
    "discontinue",
    "discontinue_free_part",
    "discontinue_part",
    "end_import",
    "ending",
    "erase_files",
    "erase_orders",
    "erasing",
    "expect_restock",
    "flag",
    "forget_files",
    "hear_of_changes",
    "held_text",
    "hide_note",
    "hold_uncounted",
    "is_settled",
    "keep_deadlines",
    "know_products",
    "learn_address",
    "learn_prices",
    "learn_words",
    "listed_again",
    "lock_orders",
    "make_news_due",
    "map_columns",
    "mark_not_told",
    "mark_refund_sent",
    "mark_returned",
    "mark_told",
    "move_in_queue",
    "move_restock_date",
    "next_upload",
    "next_word_by",
    "number_parcel",
    "oldest_upload",
    "place_order",
    "place_orders",
    "publish_joined",
    "put_back_by_staff",
    "quiet_until",
    "reach_again",
    "reassure",
    "receive",
    "record_parcel",
    "record_restocks",
    "record_stated_times",
    "reject_change",
    "release_orders",
    "remind",
    "return_to_queue",
    "review",
    "review_all",
    "review_settled",
    "say_day_passed",
    "say_kind",
    "say_words",
    "sent_back",
    "sent_back_text",
    "serve_after_shipments",
    "serve_joined",
    "set_flags",
    "settles_at",
    "ship",
    "shipped_ahead",
    "show_products",
    "shown_by_shop",
    "stand_before",
    "standing_changes",
    "start_release",
    "tell_again",
    "tell_customer",
    "today_of",
    "touched_since",
    "undo_import",
    "undo_move",
    "undo_of",
    "undoing",
    "unreviewed",
    "upload",
    "waiting_at_most",
    "waiting_for",
    "warn_staff",
    "was_checked",
    "was_imported",
    "was_refused",
    "were_other_units",
    "what_may_be_put_back",
    "worse_news",
    "worse_told",
    "write_note",
    "write_to_waiting",
]
