import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.domain.supply import Band, OpenRestock, Window, band_for, forecast, window_for
from orders.domain.windows import DateVersion, SupplierRecord
from orders.domain.working_days import add_working_days, last_arrival_for

TODAY = date(2026, 6, 1)  # a Monday
NONE = Window("none")


def days(number: int) -> timedelta:
    return timedelta(days=number)


def history(supplier: str, slips: list[int | None]) -> list[DateVersion]:
    day = TODAY - days(400)
    arrivals = [None if slip is None else day + days(slip) for slip in slips]
    return [
        DateVersion(supplier, f"{n}", day, day, 1, arrived, arrived)
        for n, arrived in enumerate(arrivals)
    ]


RECORD = SupplierRecord.as_of(
    history("Punctual", [0] * 150 + [3] * 50)
    + history("Erratic", [-40, 0, 20, 60, 90] * 40)
    + history("Lost", [5] * 100 + [None] * 100),
    TODAY,
)
EMPTY = SupplierRecord.as_of([], TODAY)

deliveries = st.lists(
    st.tuples(
        st.sampled_from(["Punctual", "Erratic", "Lost", "New"]),
        st.sampled_from([-120, -45, -4, 0, 5, 18]),
        st.integers(0, 6),
    ),
    max_size=6,
).map(
    lambda rows: [
        OpenRestock(f"R{n}", of, TODAY + days(ahead), units)
        for n, (of, ahead, units) in enumerate(rows)
    ]
)


def naive_band(
    expected: list[OpenRestock], record: SupplierRecord, unit: int
) -> tuple[Window, str | None]:
    """One unit after the other: the unit-th to arrive at each level, had every delivery that
    level's luck."""

    def nth(level: float) -> tuple[date, str] | None:
        arrivals = [
            (day, delivery.reference)
            for delivery in expected
            for _ in range(delivery.quantity)
            if (day := record.arrival(delivery.supplier, delivery.promised_on).day(level))
        ]
        return sorted(arrivals)[unit - 1] if unit <= len(arrivals) else None

    def chance(within: int) -> float:
        by = last_arrival_for(TODAY + days(within), 2, "DE")
        chances = [
            record.arrival(delivery.supplier, delivery.promised_on).chance_by(by)
            for delivery in expected
            for _ in range(delivery.quantity)
        ]
        return sorted(chances, reverse=True)[unit - 1]

    brought = [nth(level) for level in (0.1, 0.5, 0.9)]
    if brought[0] is None:
        return NONE, None
    early, likely, late = (at and add_working_days(at[0], 2, "DE") for at in brought)
    reference = (brought[1] or brought[0])[1]
    if record is EMPTY:
        return Window("unrated", early, likely, late), reference
    if late and (late - early).days <= 60:
        return Window("dated", early, likely, late, 0.9), reference
    return Window(
        "chances" if late else "open", early, likely, late, None, chance(14), chance(30)
    ), reference


@given(deliveries, st.sampled_from([RECORD, EMPTY]))
@settings(deadline=None, max_examples=120)
def test_every_unit_has_the_window_a_loop_over_single_units_gives_it(
    expected: list[OpenRestock], record: SupplierRecord
) -> None:
    bands = forecast(expected, record, handling_days=2, country="DE")

    for unit in range(1, sum(delivery.quantity for delivery in expected) + 2):
        band = band_for(bands, unit)
        assert (band.window, band.reference) == naive_band(expected, record, unit)


@given(deliveries)
@settings(deadline=None, max_examples=60)
def test_bands_rise_differ_from_their_neighbour_and_end_where_nothing_covers(
    expected: list[OpenRestock],
) -> None:
    *bands, last = forecast(expected, RECORD, handling_days=1, country="DE")

    assert last == Band(None, NONE, None)
    ends = [band.up_to or 0 for band in bands]
    assert ends == sorted(set(ends) - {0})
    for before, after in itertools.pairwise(bands):
        assert (before.window, before.reference) != (after.window, after.reference)
    for band in bands:
        known = [day for day in (band.window.early, band.window.likely, band.window.late) if day]
        assert known == sorted(known)
        assert known[0] > TODAY


def test_handling_follows_the_arrival_in_working_days() -> None:
    friday = TODAY + days(4)
    expected = [OpenRestock("R1", "New", friday, 5)]

    (band, _) = forecast(expected, EMPTY, handling_days=1, country="DE")

    assert band == Band(5, Window("unrated", *[TODAY + days(7)] * 3), "R1")


def test_someone_behind_the_first_delivery_waits_for_the_second() -> None:
    expected = [
        OpenRestock("R2", "New", TODAY + days(9), 3),
        OpenRestock("R1", "New", TODAY + days(1), 5),
    ]

    bands = forecast(expected, EMPTY, handling_days=1, country="DE")

    assert [(band.up_to, band.reference) for band in bands] == [(5, "R1"), (8, "R2"), (None, None)]
    assert window_for(bands, 8).late == TODAY + days(10)
    assert window_for(bands, 9) == NONE


def test_a_spread_of_more_than_sixty_days_is_given_as_chances_and_its_days_are_kept() -> None:
    (band, _) = forecast(
        [OpenRestock("R1", "Erratic", TODAY, 5)], RECORD, handling_days=1, country="DE"
    )

    assert (band.window.kind, band.window.sure) == ("chances", None)
    assert band.window.late - band.window.early > days(60)
    assert 0 < band.window.within_14 < band.window.within_30 < 1


@pytest.mark.parametrize("ahead, spread, kind", [(6, 60, "dated"), (1, 61, "chances")])
def test_sixty_days_are_still_given_as_days(ahead: int, spread: int, kind: str) -> None:
    record = SupplierRecord.as_of(history("Acme", [0] * 40 + [spread] * 40), TODAY)

    # Promised for days from which both ends of the arrival window ship the day after, with no
    # weekend between.
    (band, _) = forecast(
        [OpenRestock("R1", "Acme", TODAY + days(ahead), 5)], record, handling_days=1, country="ZZ"
    )

    assert (band.window.late - band.window.early, band.window.kind) == (days(spread), kind)


def test_a_delivery_whose_late_day_is_unknown_leaves_the_window_open() -> None:
    (band, _) = forecast(
        [OpenRestock("R1", "Lost", TODAY + days(5), 5)], RECORD, handling_days=1, country="DE"
    )

    assert (band.window.kind, band.window.late) == ("open", None)
    assert band.window.early is not None


def test_an_overdue_date_of_a_supplier_without_record_covers_nobody() -> None:
    overdue = OpenRestock("R1", "New", TODAY - days(1), 5)

    assert forecast([overdue], EMPTY, handling_days=1, country="DE") == (Band(None, NONE, None),)


def test_goods_cannot_leave_the_day_they_arrive() -> None:
    with pytest.raises(ValueError, match="at least one working day"):
        forecast([], EMPTY, handling_days=0, country="DE")


def test_nobody_needs_less_than_one_unit() -> None:
    with pytest.raises(ValueError, match="1 unit or more"):
        window_for(forecast([], EMPTY, handling_days=1, country="DE"), 0)
