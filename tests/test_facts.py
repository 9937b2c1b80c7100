"""Each event says what its dataclass holds: in the SQL that writes it, in what reads it, and in
every row."""

import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from orders import services
from orders.domain import facts
from orders.domain.facts import AnyFacts, Facts, from_json, to_json
from orders.domain.money import Money
from orders.domain.supply import Window
from orders.models import Event, Word
from tests.factories import NOON, fresh, lamp_of_a_punctual_supplier, make_product, order
from tests.gallery import email_states

DAY = timedelta(days=1)
ROOMS = ("orders", "notifications", "backorders_site")
SOURCES = {
    path: path.read_text()
    for room in ROOMS
    for path in Path(__file__).parents[1].joinpath(room).rglob("*")
    if path.suffix in (".py", ".sql") and "migrations" not in path.parts
}
WRITTEN_BY: dict[str, tuple[type[Facts], ...]] = {
    "publish.sql": (
        facts.Joined,
        facts.Later,
        facts.Earlier,
        facts.NoDate,
        facts.ReceiptCorrected,
    ),
    "not_packed.sql": (facts.Later, facts.NoDate),
    "reassure.sql": (facts.OnTrack,),
    "deadlines.py": (facts.DayPassed,),
    "welcome.sql": (facts.Joined,),
    "allocate.sql": (facts.Reserved,),
    "ship.sql": (),  # is handed the JSON of its facts ready made
    "discontinue.sql": (facts.Cancelled,),
    "restock_note.sql": (facts.FromShop,),
    "my_orders_links.py": (facts.AllOrdersAsked,),
}
INSERT = "INSERT INTO orders_event "
MAILS = (
    "later_by_months",
    "no_date",
    "earlier",
    "on_track",
    "reminder",
    "arrived_in_part",
    "packing_late",
    "corrected_shipment",
    "corrected_receipt",
    "put_back",
    "kept_without_a_date",
    "withdrawn",
    "from_shop",
)
LOOKUPS = {"gt", "in", "isnull", "has_key"}


def names_in(of: type) -> set[str]:
    return {field.name for field in fields(of)} | set(getattr(of, "tag", ()))


ALL_NAMES = {
    name for of in (*get_args(AnyFacts), facts.Crossed, Money, Window) for name in names_in(of)
}


def objects_in(sql: str) -> Iterator[list[str]]:
    """The keys of each object that it builds, the outer before those in it."""
    for start in re.finditer(r"jsonb_build_object\(", sql):
        depth, arguments = 1, [""]
        for letter in sql[start.end() :]:
            depth += {"(": 1, ")": -1}.get(letter, 0)
            if depth == 0:
                break
            if letter == "," and depth == 1:
                arguments.append("")
            else:
                arguments[-1] += letter
        yield [key.strip().strip("'") for key in arguments[::2]]


def test_sql_writes_the_fields_of_its_facts() -> None:
    found = {path.name: text for path, text in SOURCES.items() if INSERT in text}
    assert {name: text.count(INSERT) for name, text in found.items()} == dict.fromkeys(
        WRITTEN_BY, 1
    )
    for name, text in found.items():
        objects = list(objects_in(text.partition(INSERT)[2].partition('"""')[0]))
        for of in WRITTEN_BY[name]:
            needed = {field.name for field in fields(of) if field.default is MISSING}
            assert needed <= set(objects[0]) <= names_in(of)
        for keys in objects[1:]:
            assert set(keys) <= names_in(Window) or set(keys) == names_in(Money)


def test_sql_and_filters_ask_for_fields_that_there_are() -> None:
    asked: set[str] = set()
    for text in SOURCES.values():
        for path in re.findall(r"facts((?:\s*->>?\s*'\w+')+)", text):
            asked |= set(re.findall(r"\w+", path))
        for lookup in re.findall(r"\bfacts__(\w+)", text):
            asked |= set(lookup.split("__")) - LOOKUPS
        asked |= set(re.findall(r'facts__has_key="(\w+)"', text))
    assert {"reason", "crossed", "tracking_number", "code"} <= asked <= ALL_NAMES


def test_nobody_reads_facts_by_key() -> None:
    by_key = re.compile(r"\.facts(\[|\.get\b)")
    assert [path for path, text in SOURCES.items() if by_key.search(text)] == []


@pytest.fixture
def everything_happened(noon: None, db: None) -> None:
    list(email_states.make(now=NOON, only=MAILS))
    lamp = lamp_of_a_punctual_supplier(50)
    moved, left, numbered = (order(lamp) for _ in range(3))
    services.move_in_queue(numbered, 1, now=NOON, reason="asked", actor="ann")
    services.tell_customer(moved.order, Word.LOOKING_INTO, reason="asked", now=NOON, actor="ann")
    services.ask_for_link(moved.order, now=NOON)
    services.ask_for_orders(moved.order.email, now=NOON)
    services.reach_again(moved.order, now=NOON)
    services.cancel(left.order, by="customer", now=NOON)
    for line in (left, numbered):
        services.ship(line.order, {line.pk: 1}, now=NOON, beyond_reserved=True)
    services.number_parcel(
        numbered.order,
        {numbered.pk: 1},
        now=NOON,
        shipped_at=NOON,
        carrier="UPS",
        tracking_number="1Z9",
    )
    services.discontinue(lamp, reason="closed", now=NOON, actor="ann")
    while services.discontinue_part(now=NOON):
        pass
    agreed_day_passes()


def agreed_day_passes() -> None:
    line = order(make_product(), promised_by=(NOON + DAY).date(), country="DE")
    services.say_day_passed(now=NOON + 40 * DAY)
    assert fresh(line).agreed_by


def bare(value: Any) -> Any:
    """SQL names what there is none of; Python leaves it out."""
    if not isinstance(value, dict):
        return value
    return {
        key: bare(each) for key, each in value.items() if each is not None and each is not False
    }


@pytest.mark.usefixtures("everything_happened")
def test_every_event_that_services_write_says_what_its_facts_hold() -> None:
    told = list(Event.objects.all())
    assert {type(event.details) for event in told} == set(get_args(AnyFacts))
    for event in told:
        assert bare(to_json(event.details)) == bare(event.facts)
        assert from_json(event.kind, to_json(event.details)) == event.details
