"""Why a promise or a place in line changed, as customers read it."""

from django.utils.translation import gettext, gettext_lazy

from orders.domain.facts import Changed
from orders.models import MoveReason, Reason

WHY = {
    Reason.SUPPLIER_LATE: gettext_lazy("Why: our supplier is sending it later than planned."),
    Reason.PRODUCTION: gettext_lazy("Why: production is taking longer than planned."),
    Reason.CUSTOMS: gettext_lazy("Why: the delivery is being held at customs."),
    Reason.TRANSPORT: gettext_lazy("Why: the delivery has been held up on its way to us."),
    Reason.QUALITY: gettext_lazy("Why: the items didn't pass our quality check."),
    Reason.SHORT_DELIVERY: gettext_lazy("Why: we received fewer items than we ordered."),
    Reason.SUPPLIER_EARLY: gettext_lazy("Why: our supplier is early."),
    Reason.DELIVERY_CANCELLED: gettext_lazy("Why: a delivery was canceled."),
    Reason.NEW_DELIVERY: gettext_lazy("Why: we've ordered another delivery."),
    Reason.NOT_ARRIVED: gettext_lazy("Why: the delivery hasn't arrived yet."),
    Reason.SUPPLIER_RECORD: gettext_lazy(
        "Why: we've updated our estimate based on how long similar deliveries have taken."
    ),
    Reason.LATE_JOIN: gettext_lazy(
        "Why: an older order reached us late and is ahead of you in line."
    ),
    Reason.MOVED: gettext_lazy("Why: we moved an order in the line."),
    Reason.RECEIPT_CORRECTED: gettext_lazy("Why: fewer items had arrived than we counted."),
    Reason.CANCELLATION: gettext_lazy("Why: someone ahead of you canceled."),
    Reason.RESTORED: gettext_lazy("Why: a canceled order is back in line, ahead of you."),
    Reason.ARRIVED: gettext_lazy("Why: a delivery has arrived."),
    Reason.PACKING: gettext_lazy("Why: it's here, but our warehouse hasn't packed it yet."),
    Reason.CLERICAL: gettext_lazy("Why: we corrected a date that we'd recorded wrong."),
}


def why(reason: str | None) -> str:
    """The sentence of a reason code; none of a code that has none."""
    return str(WHY[Reason(reason)]) if reason in WHY else ""


WHY_MOVED = {
    MoveReason.REPLACEMENT: gettext_lazy("Why: it replaces an item that arrived damaged."),
    MoveReason.PROMISED: gettext_lazy("Why: we had promised that order an earlier place."),
    MoveReason.OUR_MISTAKE: gettext_lazy("Why: we corrected a mistake in our records."),
    MoveReason.URGENT: gettext_lazy("Why: a medical or other urgent need."),
    MoveReason.OTHER: gettext_lazy("Why: an exception we made for reasons we keep private."),
}


def why_moved(why: str | None) -> str:
    return str(WHY_MOVED[MoveReason(why)]) if why in WHY_MOVED else ""


def why_changed(facts: Changed) -> str:
    """Every change has a reason, also one that no code was kept for: then the one that is true of
    every window of its kind."""
    if facts.reason == Reason.ARRIVED and not facts.told.names_a_day:
        return gettext("Why: a delivery has arrived, so we can say more about the next one.")
    if said := why(facts.reason):
        return said
    return (
        gettext("Why: no delivery that covers your order is on its way yet.")
        if facts.window.kind == "none"
        else gettext("Why: we've updated our estimate with what we know today.")
    )
