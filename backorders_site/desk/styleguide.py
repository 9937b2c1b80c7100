"""Every part of the customer's pages in every state, from made-up values: where they are designed and looked at.

In development only, and without a database: nothing here is anybody's order.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from orders.domain.supply import NO_WINDOW, Window
from orders.presentation import Standing, Told
from orders.presentation.queuebar import Delivery
from orders.queries import Asked, DatesHeld, Happened, LineStatus, Parcel, Promised

TODAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 12, 15, tzinfo=UTC)
DAY = timedelta(days=1)
DATED = Window("dated", date(2026, 12, 3), date(2026, 12, 4), date(2026, 12, 7), 0.9)
SLIPPED = Window("dated", date(2026, 12, 21), date(2026, 12, 23), date(2026, 12, 30), 0.9)
SLIPPED_AGAIN = Window("dated", date(2027, 1, 18), date(2027, 1, 22), date(2027, 2, 3), 0.9)
UNRATED = Window("unrated", date(2026, 12, 3), date(2026, 12, 3), date(2026, 12, 3))
READY = Window("dated", TODAY, TODAY + DAY, TODAY + DAY)


@dataclass(frozen=True, slots=True)
class State:
    name: str
    line: LineStatus


def promised(window: Window, *, on: date = date(2026, 11, 23), due: date | None = date(2026, 12, 2)) -> Promised:
    return Promised(window, on, NOON, due, DatesHeld(20, 14) if window.kind == "dated" and due else None)


def standing(ahead: int, mine: int, *units: int, gone: int = 0) -> Standing:
    """Deliveries of so many units, three weeks apart, the first due on 2 December."""
    due = date(2026, 12, 2)
    return Standing(gone, ahead, mine, tuple(Delivery(due + n * 21 * DAY, each) for n, each in enumerate(units)))


DELAYED = Asked(
    (
        "Happy to wait? You need do nothing.",
        "If we do not hear from you before we ship, and by 30 November, we will take it that you agree to the new date.",
        "Keep your place or cancel: it is your choice, and either costs you nothing.",
        "If you cancel, you get a prompt and full refund, within 7 working days.",
    ),
    None,
    "Keep your order and accept the new date, 30 December?",
    "You'll agree to the new date, 30 December.",
    "We will take it that you agree to the new date.",
)
DELAYED_TWICE = Asked(
    (
        "We need your OK; without it the rules have us return your money.",
        "Unless you agree by 7 December, and if it has not shipped by then, we will cancel it and refund you in full.",
        "If you cancel, you get a prompt and full refund, within 7 working days.",
    ),
    date(2026, 12, 7),
    "Keep your order and accept the new date, 3 February 2027?",
    "You'll agree to the new date, 3 February 2027.",
    "Unless you agree by 7 December, we will cancel it and refund you in full.",
)
WAITING = LineStatus(
    id=1,
    sku="LAMP",
    name="Harbour lamp, brass",
    quantity=1,
    allocated=0,
    shipped=0,
    cancelled=0,
    waiting=1,
    state="waiting",
    held=False,
    place=37,
    units_ahead=36,
    joined_place=37,
    promised=promised(DATED),
    agreed_by=None,
    parcels=(),
    cancellation="",
    asked=None,
    put_back="",
    may_withdraw=False,
    reassured_by=None,
    standing=standing(36, 1, 60),
)
DONE = replace(WAITING, waiting=0, place=None, units_ahead=None, standing=None)
PARCEL = Parcel(1, NOON - DAY, "UPS", "1Z999AA10123456784")
TOLD = Told(DATED, date(2026, 11, 2))


def states() -> list[State]:
    """Lines as their customers see them, from joining to the end."""
    moved_up = replace(WAITING, place=7, units_ahead=6, standing=standing(6, 1, 30, 30, gone=30))
    delayed = replace(
        WAITING,
        promised=promised(SLIPPED, due=date(2026, 12, 23)),
        former=(TOLD,),
        asked=DELAYED,
        standing=standing(36, 1, 30, 60),
    )
    return [
        State("Joined, nothing worked out yet", replace(WAITING, promised=None, standing=standing(36, 1))),
        State("Dated", WAITING),
        State("Unrated", replace(WAITING, promised=promised(UNRATED))),
        State("Chances", replace(WAITING, promised=promised(_chances(0.3, 0.6)), standing=standing(36, 1, 30, 60))),
        State("Chances, and the first of them small", replace(WAITING, promised=promised(_chances(0.02, 0.4)))),
        State("Chances too small to speak of", replace(WAITING, promised=promised(_chances(0.01, 0.04)))),
        State(
            "Open: no latest date",
            replace(WAITING, promised=promised(Window("open", date(2026, 12, 10))), former=(TOLD,)),
        ),
        State(
            "No date, after one was told",
            replace(WAITING, promised=promised(NO_WINDOW, due=None), former=(TOLD,), standing=standing(36, 1)),
        ),
        State("Delayed once; silence consents", delayed),
        State(
            "Delayed twice, with a deadline",
            replace(
                delayed,
                promised=promised(SLIPPED_AGAIN, due=date(2027, 1, 20)),
                former=(Told(SLIPPED, date(2026, 11, 12)), TOLD),
                asked=DELAYED_TWICE,
                may_withdraw=True,
            ),
        ),
        State(
            "Missed: the last day told is over", replace(WAITING, promised=promised(_by(TODAY - 2 * DAY, TODAY - DAY)))
        ),
        State("Moved up", moved_up),
        State("First in line", replace(WAITING, place=1, units_ahead=0, standing=standing(0, 1, 60))),
        State(
            "10,000th in line",
            replace(
                WAITING,
                place=10_000,
                units_ahead=12_480,
                standing=standing(12_480, 1, 3000, 4000, 2500, 1000, 1500, 900),
            ),
        ),
        State(
            "Quantity 40, from two deliveries",
            replace(WAITING, quantity=40, waiting=40, place=12, units_ahead=35, standing=standing(35, 40, 50, 60)),
        ),
        State(
            "Arrived and set aside",
            replace(DONE, allocated=1, state="reserved", promised=promised(READY, due=None), former=(TOLD,)),
        ),
        State(
            "Partly arrived",
            replace(
                moved_up,
                quantity=5,
                allocated=4,
                waiting=1,
                state="part_reserved",
            ),
        ),
        State("Shipped", replace(DONE, allocated=1, shipped=1, state="shipped", parcels=(PARCEL,))),
        State(
            "Partly shipped",
            replace(
                moved_up,
                quantity=5,
                allocated=4,
                shipped=3,
                waiting=1,
                state="part_shipped",
                parcels=(replace(PARCEL, units=2), replace(PARCEL, units=1, carrier="Kurier Nord", shipped_at=None)),
            ),
        ),
        State(
            "Cancelled",
            replace(
                DONE,
                cancelled=1,
                state="cancelled",
                cancellation="1 of 1 cancelled, as you asked. Your refund will be sent by 3 December.",
            ),
        ),
        State(
            "Cancelled by silence, with the way back",
            replace(
                DONE,
                cancelled=1,
                state="cancelled",
                cancellation="1 of 1 cancelled, as we had not heard from you by 20 November. Your refund will be sent by "
                "3 December.",
                put_back="You'll agree to the new date, 3 February 2027.",
            ),
        ),
        State(
            "Inherited: named by the shop when it was ordered",
            replace(WAITING, promised=promised(Window("dated", None, None, date(2026, 12, 18)), due=None)),
        ),
        State("Held: a person has to look", replace(WAITING, quantity=3, held=True, promised=None, standing=None)),
        State(
            "A very long name", replace(WAITING, name="Donaudampfschifffahrtsgesellschaftskapitänskajütenlampe " * 2)
        ),
    ]


def _by(early: date, late: date) -> Window:
    return Window("dated", early, late, late, 0.9)


def _chances(soon: float, later: float) -> Window:
    return Window("chances", date(2026, 12, 1), date(2027, 1, 20), date(2027, 4, 1), None, soon, later)


def happened() -> list[Happened]:
    """What a timeline can hold, newest first."""
    told = [
        ("shipped", "Shipped on 23 November. Carrier: UPS, tracking number 1Z999AA10123456784."),
        ("reserved", "Yours has arrived and is set aside for you. It leaves us by Wednesday, 25 November."),
        ("moved_up", "You moved up: a delivery arrived, and 30 people ahead of you have theirs."),
        ("passed_by", "An older order reached us late. It was paid before yours, so it stands ahead of you."),
        (
            "earlier",
            "You were told: it leaves us by 30 December. Now it leaves us by 7 December, perhaps from the 3rd. "
            "Why: the supplier sends "
            "it earlier. You are still 37th in line.",
        ),
        ("answered", "You keep your place in line. Thank you for telling us. The date agreed is now 30 December."),
        (
            "later",
            "You were told: it leaves us by 7 December. Now it leaves us by 30 December, perhaps from the 21st. "
            "Why: the goods are held "
            "at customs. You are still 37th in line.",
        ),
        ("no_date", "You were told: it leaves us by 7 December. It has no date now. Why: a delivery was cancelled."),
        ("corrected", "We are sorry: fewer had arrived than we counted, and yours was among those missing."),
        (
            "on_track",
            "Nothing has changed since we last told you. Leaves us by 7 December (9 times in 10), perhaps from the "
            "3rd.",
        ),
        ("joined", "You are in line: 37th. Leaves us by 7 December (9 times in 10), perhaps from the 3rd."),
    ]
    mailed = {"shipped", "earlier", "later", "no_date", "joined"}
    return [
        Happened(NOON - n * DAY, kind, text, 1, "Harbour lamp, brass", NOON - n * DAY if kind in mailed else None)
        for n, (kind, text) in enumerate(told)
    ]


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    if not (settings.DEBUG or settings.DEMO):
        raise Http404
    context = {
        "states": states(),
        "events": happened(),
        "today": TODAY,
        "locale": get_language(),
        "token": "made-up",
        "choose": "#lines",
        "may_act": False,
        "mailed": True,
        "colours": ("paper", "card", "ink", "soft", "rule", "edge", "accent", "accent-soft", "late", "late-soft"),
    }
    return render(request, "desk/styleguide.html", context)
