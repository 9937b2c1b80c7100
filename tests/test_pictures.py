"""The window strip and the queue bar: what they draw, and what they say to anyone who does not see
them."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.supply import NO_WINDOW, Window
from orders.pages.drawings.queue_bar import queue_bar, shares
from orders.pages.drawings.window_strip import FORMER_SHOWN, THINNEST, window_strip
from orders.pages.promised import WindowTold
from orders.pages.standing import (
    MAX_RESTOCKS,
    ComingUnits,
    Standing,
    mine_by_restock,
    parts_of,
    standing,
)

TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)
NEARLY = 1e-6


def dated(early: date | None, late: date) -> Window:
    return Window("dated", early, late, late, 0.9)


NOW = WindowTold(dated(date(2026, 12, 21), date(2026, 12, 30)), TODAY)
BEFORE = WindowTold(dated(date(2026, 12, 3), date(2026, 12, 7)), date(2026, 11, 2))
near_days = st.dates(date(2026, 6, 1), date(2027, 12, 31))


@st.composite
def told(draw: st.DrawFn) -> WindowTold:
    late = draw(near_days)
    early = draw(st.none() | st.just(late - draw(st.integers(0, 60)) * DAY))
    window = draw(
        st.sampled_from(
            [
                dated(early, late),
                Window("open", early),
                Window("chances", early, late, late),
                NO_WINDOW,
            ]
        )
    )
    return WindowTold(window, draw(near_days))


@given(told(), st.lists(told(), max_size=8), near_days, st.booleans())
def test_every_bar_lies_inside_the_picture_and_can_be_seen(
    present: WindowTold, former: list[WindowTold], today: date, mirrored: bool
) -> None:
    with translation.override("ar" if mirrored else "en"):
        strip = window_strip(present, former, today=today, locale="")
    if strip is None:
        return
    assert 2 <= len(strip.rows) <= 1 + FORMER_SHOWN
    for row in strip.rows:
        assert row.bar.width >= THINNEST - NEARLY
        assert -NEARLY <= row.bar.x <= row.bar.x + row.bar.width <= 100 + NEARLY
    for mark in (*strip.days, *(row.words for row in strip.rows)):
        assert 0 <= mark.x <= 100
    assert 0 <= strip.today_x <= 100


LONGEST = 66  # percent of a phone's card, for the words above a bar


@given(told(), st.lists(told(), max_size=8), near_days)
def test_the_words_of_a_bar_touch_it_and_stay_inside_the_picture(
    present: WindowTold, former: list[WindowTold], today: date
) -> None:
    strip = window_strip(present, former, today=today, locale="")
    for row in strip.rows if strip else ():
        begin = row.words.x - {"start": 0, "middle": LONGEST / 2, "end": LONGEST}[row.words.anchor]
        assert -NEARLY <= begin <= 100 - LONGEST + NEARLY
        assert begin < row.bar.x + row.bar.width + NEARLY
        assert row.bar.x < begin + LONGEST + NEARLY


def test_a_slip_is_seen_at_a_glance() -> None:
    strip = window_strip(NOW, [BEFORE], today=TODAY, locale="en-GB")
    assert strip is not None
    now, before = strip.rows
    assert strip.today_x < before.bar.x < before.bar.x + before.bar.width < now.bar.x
    assert (now.words.label, before.words.label) == ("Now: 21–30 Dec", "Told 2 Nov: 3–7 Dec")
    assert [mark.label for mark in strip.days] == ["today", "30 Dec"]
    assert (
        strip.told.replace("\xa0", " ")
        == "The window now: from 21 December to 30 December. Told on 2 November: from 3 December "
        "to 7 December."
    )


@pytest.mark.parametrize(
    ("days", "labels"),
    [
        (0, ["today", "30 Dec"]),
        (3, ["today", "30 Dec"]),
        (20, ["3 Dec", "today", "30 Dec"]),
        (26, ["3 Dec", "today"]),
    ],
)
def test_today_is_named_wherever_it_is(days: int, labels: list[str]) -> None:
    strip = window_strip(NOW, [BEFORE], today=date(2026, 12, 3) + days * DAY, locale="en-GB")
    assert strip is not None
    assert [mark.label for mark in strip.days] == labels


def test_a_single_window_is_not_compared() -> None:
    assert window_strip(NOW, [], today=TODAY, locale="en-GB") is None


def test_a_year_is_named_only_where_it_is_far_off() -> None:
    over = WindowTold(dated(date(2026, 12, 28), date(2027, 1, 8)), TODAY)
    far = WindowTold(dated(None, date(2028, 2, 3)), TODAY)
    strip = window_strip(over, [far], today=TODAY, locale="en-GB")
    assert strip is not None
    assert [row.words.label.replace("\u2009", " ") for row in strip.rows] == [
        "Now: 28 Dec – 8 Jan",
        "Told 24 Nov: by 3 Feb 2028",
    ]


def test_who_reads_from_right_to_left_sees_time_run_that_way() -> None:
    plain = window_strip(NOW, [BEFORE], today=TODAY, locale="en-GB")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("orders.pages.drawings.window_strip.get_language_bidi", lambda: True)
        mirrored = window_strip(NOW, [BEFORE], today=TODAY, locale="en-GB")
    assert plain is not None
    assert mirrored is not None
    for one, other in zip(plain.rows, mirrored.rows, strict=True):
        assert other.bar.x == pytest.approx(100 - one.bar.x - one.bar.width)
        assert other.words.x == pytest.approx(100 - one.words.x)
        assert other.words.anchor == one.words.anchor
    assert mirrored.today_x == pytest.approx(100 - plain.today_x)


def test_only_days_that_were_told_are_drawn() -> None:
    hidden = WindowTold(
        Window("chances", date(2026, 12, 1), date(2027, 1, 9), date(2027, 3, 1), None, 0.2, 0.5),
        TODAY,
    )
    assert window_strip(hidden, [BEFORE], today=TODAY, locale="en-GB") is None
    strip = window_strip(NOW, [hidden, BEFORE], today=TODAY, locale="en-GB")
    assert strip is not None
    assert len(strip.rows) == 2
    assert "March" not in strip.told


def test_of_many_windows_told_the_newest_and_the_first_are_shown() -> None:
    former = [
        WindowTold(dated(None, date(2026, 12, n)), date(2026, 11, n)) for n in range(9, 0, -1)
    ]
    strip = window_strip(NOW, former, today=TODAY, locale="en-GB")
    assert strip is not None
    assert [row.words.label for row in strip.rows[1:]] == [
        "Told 9 Nov: by 9 Dec",
        "Told 8 Nov: by 8 Dec",
        "Told 7 Nov: by 7 Dec",
        "Told 1 Nov: by 1 Dec",
    ]


def test_a_last_day_that_is_over_is_marked() -> None:
    missed = WindowTold(dated(TODAY - 5 * DAY, TODAY - DAY), TODAY - 30 * DAY)
    strip = window_strip(missed, [BEFORE], today=TODAY, locale="en-GB")
    assert strip is not None
    assert strip.rows[0].missed


people = st.integers(1, 20_000)


@given(st.lists(people, min_size=1, max_size=20), st.floats(0, 5))
def test_shares_add_up_and_each_is_seen(numbers: list[int], least: float) -> None:
    widths = shares(numbers, least=least)
    assert sum(widths) == pytest.approx(100)
    assert min(widths) >= min(least, 100 / len(numbers)) - NEARLY
    by_number = sorted(zip(numbers, widths, strict=True))
    assert all(one <= other + NEARLY for (_, one), (_, other) in pairwise(by_number))


@given(people, people, st.booleans())
def test_whoever_moved_up_sees_who_is_gone_who_is_ahead_and_themselves(
    place: int, gone: int, mirrored: bool
) -> None:
    with translation.override("ar" if mirrored else "en"):
        bar = queue_bar(place=place, joined_place=place + gone, locale="")
    assert bar is not None
    segments = sorted(bar.segments, key=lambda segment: segment.x)
    assert segments[0].x == pytest.approx(0)
    assert segments[-1].x + segments[-1].width == pytest.approx(100)
    assert all(one.x + one.width <= other.x + NEARLY for one, other in pairwise(segments))
    assert [each.state for each in bar.segments] == (
        ["gone", "ahead", "mine"] if place > 1 else ["gone", "mine"]
    )


def test_the_bar_counts_people_as_the_sentence_on_the_place_does() -> None:
    bar = queue_bar(place=7, joined_place=37, locale="en-GB")
    assert bar is not None
    assert bar.told == "You've moved up 30 places since you joined the line."
    assert queue_bar(place=37, joined_place=37, locale="en-GB") is None
    assert queue_bar(place=38, joined_place=37, locale="en-GB") is None


@given(st.integers(0, 9000), st.integers(0, 9000), st.integers(1, 40), st.lists(people, max_size=5))
def test_every_unit_of_the_line_has_its_delivery(
    gone: int, ahead: int, mine: int, brings: list[int]
) -> None:
    spare = sum(brings) - gone - ahead - mine
    if spare < 0:
        brings = []
    stands = Standing(gone, ahead, mine, tuple(ComingUnits(TODAY, each) for each in brings))
    parts = list(parts_of(stands))
    counted = {
        state: sum(part.units for part in parts if part.state == state)
        for state in ("gone", "ahead", "mine", "behind")
    }
    assert counted == {"gone": gone, "ahead": ahead, "mine": mine, "behind": spare if brings else 0}
    assert [
        sum(part.units for part in parts if part.restock == n) for n in range(len(brings))
    ] == brings


BANDS = [
    {"over": 0, "up_to": 20, "reference": "PO-7"},
    {"over": 20, "up_to": 30, "reference": "PO-7"},
    {"over": 30, "up_to": 130, "reference": "PO-8"},
    {"over": 130, "up_to": None, "reference": ""},
]
DUE = {"PO-7": date(2026, 12, 2), "PO-8": date(2026, 12, 23)}


def stands(reference: str = "PO-8", **numbers: int) -> Standing:
    return standing(bands=BANDS, due=DUE, reference=reference, **numbers)


def test_the_deliveries_are_those_of_the_forecast_behind_the_promise() -> None:
    assert stands(promised_ahead=36, ahead=36, mine=1) == Standing(
        0, 36, 1, (ComingUnits(DUE["PO-7"], 30), ComingUnits(DUE["PO-8"], 100))
    )
    assert stands("PO-7", promised_ahead=4, ahead=4, mine=1).restocks == (
        ComingUnits(DUE["PO-7"], 30),
    )


def test_who_has_left_the_line_since_does_not_move_us_to_another_delivery() -> None:
    assert stands(promised_ahead=36, ahead=6, mine=1) == Standing(
        30, 6, 1, (ComingUnits(DUE["PO-7"], 30), ComingUnits(DUE["PO-8"], 100))
    )


def test_a_line_grown_past_its_delivery_names_no_other() -> None:
    assert stands("PO-7", promised_ahead=10, ahead=45, mine=1) == Standing(0, 45, 1, ())


def test_what_arrived_for_me_is_not_brought_once_more() -> None:
    """30 came: 25 for those ahead, 5 of my 40."""
    part = stands(promised_ahead=25, ahead=0, mine=35, served=5)
    assert part == Standing(
        25, 0, 35, (ComingUnits(DUE["PO-7"], 25), ComingUnits(DUE["PO-8"], 100))
    )


def test_what_each_delivery_brings_of_mine() -> None:
    both = stands(promised_ahead=25, ahead=25, mine=40)
    assert mine_by_restock(both) == [
        (ComingUnits(DUE["PO-7"], 30), 5),
        (ComingUnits(DUE["PO-8"], 100), 35),
    ]
    assert mine_by_restock(stands("PO-7", promised_ahead=10, ahead=45, mine=1)) == []


def test_many_deliveries_are_taken_together() -> None:
    bands = [{"over": n * 10, "up_to": n * 10 + 10, "reference": f"PO-{n}"} for n in range(9)]
    due = {f"PO-{n}": TODAY + n * DAY for n in range(9)}
    many = standing(bands=bands, due=due, reference="PO-8", promised_ahead=85, ahead=85, mine=1)
    assert len(many.restocks) == MAX_RESTOCKS
    assert many.restocks[0] == ComingUnits(None, 50)
    assert sum(each.units for each in many.restocks) == 90
