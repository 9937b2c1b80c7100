from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.domain.promises import change
from orders.domain.supply import Window

TODAY = date(2026, 6, 1)


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


def window(kind: str, early: int, likely: int, late: int) -> Window:
    match kind:
        case "none":
            return Window("none")
        case "unrated":
            return Window("unrated", *[day(likely)] * 3)
        case "open":
            return Window("open", day(early), day(likely), None, None, 0.2, 0.4)
        case "chances":
            return Window("chances", day(early), day(likely), day(late), None, 0.2, 0.4)
    return Window("dated", day(early), day(likely), day(late), 0.9)


# Kind told (early 20, likely 30, late 40 days from today; told today), kind now, and the answer
# when now lies wholly before, within, or wholly after what was told.
CASES = """
dated    dated    earlier  -        later
dated    unrated  earlier  -        later
dated    chances  -        -        later
dated    open     -        -        later
dated    none     no_date  no_date  no_date
unrated  dated    earlier  -        later
unrated  unrated  earlier  -        later
unrated  chances  -        -        later
unrated  open     -        -        later
unrated  none     no_date  no_date  no_date
chances  dated    earlier  earlier  later
chances  unrated  earlier  earlier  later
chances  chances  -        -        later
chances  open     -        -        later
chances  none     no_date  no_date  no_date
open     dated    earlier  earlier  earlier
open     unrated  earlier  earlier  earlier
open     chances  -        -        -
open     open     -        -        -
open     none     no_date  no_date  no_date
none     dated    earlier  earlier  earlier
none     unrated  earlier  earlier  earlier
none     chances  earlier  earlier  earlier
none     open     earlier  earlier  earlier
none     none     -        -        -
"""


@pytest.mark.parametrize(
    "told, now, before, within, after", [row.split() for row in CASES.strip().splitlines()]
)
def test_what_a_customer_notices_between_any_two_kinds_of_window(
    told: str, now: str, before: str, within: str, after: str
) -> None:
    answers = [
        change(window(told, 20, 30, 40), TODAY, window(now, *days), TODAY)
        for days in ((10, 12, 15), (22, 30, 41), (50, 60, 70))
    ]

    assert [answer or "-" for answer in answers] == [before, within, after]


@pytest.mark.parametrize("now", ["chances", "open"])
def test_chances_told_run_out_after_thirty_days(now: str) -> None:
    told = window("chances", 20, 30, 90)

    assert change(told, day(-29), window(now, 20, 30, 90), TODAY) is None
    assert change(told, day(-30), window(now, 20, 30, 90), TODAY) == "later"


@pytest.mark.parametrize("told", ["dated", "unrated", "chances"])
def test_losing_the_likely_day_is_later(told: str) -> None:
    now = Window("open", day(1), None, None, None, 0.1, 0.2)

    assert change(window(told, 20, 30, 40), TODAY, now, TODAY) == "later"


@pytest.mark.parametrize(
    "likely, late, answer", [(40, 45, None), (41, 45, "later"), (19, 20, None), (18, 19, "earlier")]
)
def test_the_days_told_themselves_still_hold(likely: int, late: int, answer: str | None) -> None:
    assert (
        change(window("dated", 20, 30, 40), TODAY, window("dated", 10, likely, late), TODAY)
        == answer
    )


windows = st.tuples(
    st.sampled_from(["dated", "unrated", "chances", "open", "none"]),
    st.lists(st.integers(1, 120), min_size=3, max_size=3).map(sorted),
).map(lambda drawn: window(drawn[0], *drawn[1]))


@given(windows, windows, st.integers(0, 60))
@settings(deadline=None)
def test_a_likely_day_after_everything_told_is_never_silent(
    told: Window, now: Window, ago: int
) -> None:
    if told.late and now.likely and now.likely > told.late:
        assert change(told, day(-ago), now, TODAY) == "later"


@given(windows, st.integers(0, 29))
@settings(deadline=None)
def test_a_forecast_that_has_not_moved_is_no_news(told: Window, ago: int) -> None:
    assert change(told, day(-ago), told, TODAY) is None
