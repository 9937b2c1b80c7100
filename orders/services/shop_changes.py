"""What the shop changed in orders that are here. Nothing of it is ignored. A name and an email
address are adopted; a person decides about another law and about units that are listed again."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from orders.law import law_of
from orders.models import Event, EventKind, Order, OrderLine, ShopChange
from orders.services.email_results import reach_again
from orders.services.forecasts import today_of
from orders.services.refusal import Refused
from orders.services.shop_tasks import listed_again

What, Outcome = ShopChange.What, ShopChange.Outcome
FIELDS = {What.EMAIL: ["email"], What.NAME: ["customer_name"], What.PLACE: ["country", "region"]}
Key = tuple[str, int | None]  # what, line
ADDRESS_CHANGED = (
    "the shop changed the email address: email goes to the new one, and links sent before no "
    "longer work"
)


def standing_changes() -> QuerySet[ShopChange]:
    return ShopChange.objects.filter(gone_at=None)


@transaction.atomic(savepoint=False)
def hear_of_changes(
    order: Order, said: Mapping[str, str], listed: Mapping[int, int], *, now: datetime
) -> Counter[str]:
    """What a file says about a known order: `said` by field of the order (empty: it says nothing),
    `listed` by line: units the shop lists although they are canceled here, 0 if it does not.

    A name, an email address, and a region under the same law are adopted; about the rest a person
    is asked, once for each change. Whoever has the old address gets no more links that can act, and
    those sent before stop working. Returns how many of each kind are new. Customers who were
    forgotten are not learned again.
    """
    heard = _heard(order, said) if order.erased_at is None else {}
    heard |= {(What.UNITS, pk): {"units": units} if units else None for pk, units in listed.items()}
    standing = {
        (row.what, row.line_id): row for row in order.shop_changes.all() if row.gone_at is None
    }
    new: Counter[str] = Counter()
    for key, there in heard.items():
        row = standing.get(key)
        if (row.there if row else None) == there:
            continue
        order = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
        if row:
            _end(row, now=now)
        if there and key[0] == What.EMAIL:
            _follow_address(order, there, now=now)
            new[What.EMAIL] += 1
        elif there and (key[0] == What.NAME or (key[0] == What.PLACE and _same_law(order, there))):
            _take_over(order, key[0], there, now=now)
            new["taken_over"] += 1
        elif there:
            _ask(order, *key, there, now=now)
            new[key[0]] += 1
    return new


@transaction.atomic
def accept_place(change: ShopChange, *, now: datetime, actor: str) -> None:
    """The order goes where the shop says: its law is that of what is asked from now on, and what
    was told stays as told."""
    order = Order.objects.select_for_update(no_key=True).get(pk=change.order_id)
    before = Order.objects.get(pk=order.pk)
    for name in FIELDS[What.PLACE]:
        setattr(order, name, change.there[name])
    order.save(update_fields=FIELDS[What.PLACE])
    changed_here(before, now=now, actor=actor)


@transaction.atomic
def reject_change(change: ShopChange, *, now: datetime, actor: str) -> None:
    """It stays as it is here, and nobody is asked again while the shop keeps its value."""
    Order.objects.select_for_update(no_key=True).get(pk=change.order_id)
    change = ShopChange.objects.get(pk=change.pk)
    if change.outcome or change.gone_at:
        raise Refused(gettext("this change was already decided, or the shop has undone it"))
    _decide(change, Outcome.REJECTED, now=now, actor=actor)


@transaction.atomic
def changed_here(before: Order, *, now: datetime, actor: str) -> None:
    """Staff changed the order, which was as `before`: they have accepted what the shop has, or
    decided against it."""
    order = Order.objects.select_for_update(no_key=True).get(pk=before.pk)
    for what in FIELDS:
        was, is_now = _of(before, what), _of(order, what)
        row = standing_changes().filter(order=order, what=what).first()
        if was == is_now:
            continue
        if row and row.there == is_now:
            _decide(row, Outcome.ACCEPTED, now=now, actor=actor)
            _end(row, now=now)
        elif row is None and any(was.values()):
            ShopChange.objects.create(
                order=order,
                what=what,
                here=is_now,
                there=was,
                seen_at=now,
                outcome=Outcome.REJECTED,
                decided_at=now,
                decided_by=actor,
            )


def put_back_as_listed(line: OrderLine, units: int, *, now: datetime, actor: str) -> int:
    """Cancelled units of a locked line are to wait again. Returns how many of them the shop lists
    already."""
    row = standing_changes().filter(line=line, what=What.UNITS).first()
    if row is None:
        return 0
    again = listed_again(line, row.there["units"])
    if not row.outcome:
        _decide(row, Outcome.ACCEPTED, now=now, actor=actor)
    _end(row, now=now)
    return min(units, again)


def _heard(order: Order, said: Mapping[str, str]) -> dict[Key, dict[str, Any] | None]:
    """By kind: what the shop has, None where it is as here."""
    heard: dict[Key, dict[str, Any] | None] = {}
    if said["email"] and order.email:  # an order without one learns it (learn_address)
        same = said["email"].lower() == order.email.lower()
        heard[What.EMAIL, None] = None if same else {"email": said["email"]}
    if said["customer_name"]:
        same = said["customer_name"] == order.customer_name
        heard[What.NAME, None] = None if same else {"customer_name": said["customer_name"]}
    if said["country"]:
        same = said["country"] == order.country
        place = {
            "country": said["country"],
            "region": said["region"] or (order.region if same else ""),
        }
        heard[What.PLACE, None] = None if place == _of(order, What.PLACE) else place
    return heard


def _same_law(order: Order, there: Mapping[str, str]) -> bool:
    """Another region of the same country, or a place where none was known, and the same law."""
    law = law_of(order.country, order.region)
    return order.country in ("", there["country"]) and law == law_of(
        there["country"], there["region"]
    )


def _take_over(order: Order, what: str, there: Mapping[str, str], *, now: datetime) -> None:
    here = _of(order, what)
    for name, value in there.items():
        setattr(order, name, value)
    order.save(update_fields=list(there))
    ShopChange.objects.create(
        order=order,
        what=what,
        here=here,
        there=there,
        seen_at=now,
        outcome=Outcome.ACCEPTED,
        decided_at=now,
        gone_at=now,
    )


def _follow_address(order: Order, there: Mapping[str, str], *, now: datetime) -> None:
    """A person hears of it: their mailbox may have been taken over, or a file be wrong."""
    _take_over(order, What.EMAIL, there, now=now)
    order.link_version += 1
    _put_on_list(order, ADDRESS_CHANGED)
    order.save(update_fields=["link_version"])
    reach_again(order, now=now)


def _ask(
    order: Order, what: str, line_id: int | None, there: dict[str, Any], *, now: datetime
) -> None:
    if line_id is None:
        here: dict[str, Any] = _of(order, what)
        text = _place_text(here, there)
    else:
        line = OrderLine.objects.select_related("product").get(pk=line_id)
        here = {"units": line.quantity - line.cancelled}
        text = _units_text(line, there["units"])
    text = text[:200]
    ShopChange.objects.create(
        order=order, line_id=line_id, what=what, here=here, there=there, text=text, seen_at=now
    )
    _put_on_list(order, text)


def _put_on_list(order: Order, text: str) -> None:
    if text not in order.attention:
        order.attention.append(text)
        order.save(update_fields=["attention"])


def _place_text(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    place, place_here = (
        ", ".join(filter(None, values.values())) or "no country" for values in (there, here)
    )
    return (
        f"the shop ships it to {place}, but here it goes to {place_here}: accept or reject "
        "the change"
    )


def _units_text(line: OrderLine, units: int) -> str:
    again = listed_again(line, units)
    cancelled = (
        Event.objects.filter(order=line.order_id, line=line, kind=EventKind.CANCELLED)
        .order_by("-at", "-pk")
        .first()
    )
    day = f" on {today_of(cancelled.at)}" if cancelled else ""
    them = "it" if again == 1 else "them"
    do = (
        f"reinstate {them}"
        if line.may_be_put_back >= again
        else f"the refund was sent, so add {them} as a new order"
    )
    return (
        f"{line.product.sku}: the shop lists {units} unit{'s' * (units != 1)} again, {again} "
        f"{'was' if again == 1 else 'were'} canceled here{day}: {do}, or answer the customer"
    )


def _of(order: Order, what: str) -> dict[str, str]:
    return {name: getattr(order, name) for name in FIELDS[What(what)]}


def _decide(row: ShopChange, outcome: str, *, now: datetime, actor: str) -> None:
    row.outcome, row.decided_at, row.decided_by = outcome, now, actor
    row.save(update_fields=["outcome", "decided_at", "decided_by"])
    _strike(row)


def _end(row: ShopChange, *, now: datetime) -> None:
    row.gone_at = now
    row.save(update_fields=["gone_at"])
    _strike(row)


def _strike(row: ShopChange) -> None:
    """What staff's list said about it is settled."""
    order = Order.objects.select_for_update(no_key=True).get(pk=row.order_id)
    if row.text in order.attention:
        order.attention.remove(row.text)
        order.save(update_fields=["attention"])
