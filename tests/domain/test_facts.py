"""What an event says, and its form as JSON."""

import json
from dataclasses import fields
from datetime import date
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, get_args, get_type_hints

import pytest

from orders.domain.facts import (
    AnyFacts,
    CancellationUndone,
    Crossed,
    Facts,
    Joined,
    from_json,
    to_json,
)
from orders.domain.supply import Kind, Window

EXAMPLES: dict[Any, Any] = {
    int: 2,
    float: 0.9,
    str: "customs",
    bool: True,
    date: date(2026, 12, 18),
    Decimal: Decimal("59.0000"),
    Kind: "dated",
}


def example(of: Any, *, full: bool) -> Any:
    """`full`: all that may be left out is there."""
    if isinstance(of, UnionType):
        known, *others = get_args(of)
        return example(known, full=full) if full or NoneType not in others else None
    if of in EXAMPLES:
        return EXAMPLES[of]
    hints = get_type_hints(of)
    return of(**{field.name: example(hints[field.name], full=full) for field in fields(of)})


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("of", get_args(AnyFacts))
def test_what_was_written_is_read_as_it_was(of: type[Facts], full: bool) -> None:
    facts = example(of, full=full)
    assert from_json(of.kind, json.loads(json.dumps(to_json(facts)))) == facts


def test_a_window_is_written_with_its_days_and_all_else_where_there_is_any() -> None:
    facts = Joined(units=2, window=Window("dated", late=date(2026, 12, 18)), stated=True)
    assert to_json(facts) == {
        "units": 2,
        "window": {"kind": "dated", "early": None, "likely": None, "late": "2026-12-18"},
        "stated": True,
    }


def test_no_day_agreed_is_not_the_same_as_nothing_said() -> None:
    undone = {"what": "cancellation", "units": 1, "reason": "restored"}
    assert to_json(CancellationUndone(units=1, reason="restored")) == undone
    assert to_json(CancellationUndone(units=1, reason="restored", agreed_by=None)) == (
        undone | {"agreed_by": None}
    )


@pytest.mark.parametrize(
    ("kind", "stored", "why"),
    [
        ("answered", {"choice": "keep"}, r"Answered misses \['agreed_by', 'units'\]"),
        ("link", {"reason": "x"}, r"LinkAsked misses \[\], knows no \['reason'\]"),
        (
            "note",
            {"code": "reminder", "units": "1", "answer_by": "2026-12-03"},
            "'1' is not of type int",
        ),
        ("note", {"code": "reminder", "units": 1, "answer_by": "soon"}, "soon"),
        (
            "cancelled",
            {"units": 1, "of": 1, "still": 0, "by": "shop", "window": None}
            | {"refund": {"amount": 59.0, "currency": "USD"}},
            "59.0 is not an amount",
        ),
        ("joined", {"units": 1, "window": {"kind": "vague"}}, "'vague' is none of"),
        ("moved_up", {}, "no facts of the kind 'moved_up'"),
    ],
)
def test_what_no_release_wrote_is_refused(kind: str, stored: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        from_json(kind, stored)


def test_every_class_is_frozen_and_slotted() -> None:
    for of in (*get_args(AnyFacts), Crossed):
        assert of.__dataclass_params__.frozen
        assert "__slots__" in vars(of)
