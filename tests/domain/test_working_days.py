from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.domain.working_days import add_working_days, is_working_day, last_arrival_for

DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))
COUNTRIES = st.sampled_from(["DE", "US", "JP", "SA", "ZZ"])


@pytest.mark.parametrize(
    "country, ships_on",
    [
        ("DE", date(2026, 12, 28)),  # Friday the 25th and Saturday the 26th are holidays
        ("SA", date(2026, 12, 27)),  # Friday and Saturday are the weekend
        ("ZZ", date(2026, 12, 25)),  # unknown: Monday to Friday
    ],
)
def test_two_working_days_after_the_23rd_of_december_depend_on_the_country(
    country: str, ships_on: date
) -> None:
    assert add_working_days(date(2026, 12, 23), 2, country) == ships_on


def test_no_working_days_later_is_the_same_day_even_on_a_sunday() -> None:
    assert add_working_days(date(2026, 6, 7), 0, "DE") == date(2026, 6, 7)


@given(DAYS, st.integers(1, 12), COUNTRIES)
@settings(deadline=None, max_examples=60)
def test_the_nth_working_day_is_a_working_day_with_n_counted_from_the_day_after(
    day: date, n: int, country: str
) -> None:
    end = add_working_days(day, n, country)

    between = [day + timedelta(days=ahead) for ahead in range(1, (end - day).days + 1)]
    assert is_working_day(end, country)
    assert sum(is_working_day(each, country) for each in between) == n


@given(DAYS, st.integers(0, 12), COUNTRIES)
@settings(deadline=None, max_examples=60)
def test_the_last_arrival_still_ships_in_time_and_a_day_later_does_not(
    ship_by: date, handling_days: int, country: str
) -> None:
    arrival = last_arrival_for(ship_by, handling_days, country)

    assert add_working_days(arrival, handling_days, country) <= ship_by
    assert add_working_days(arrival + timedelta(days=1), handling_days, country) > ship_by


@pytest.mark.parametrize("count", [add_working_days, last_arrival_for])
def test_working_days_cannot_be_negative(count: Callable[[date, int, str], date]) -> None:
    with pytest.raises(ValueError, match="0 or more, not -1"):
        count(date(2026, 6, 1), -1, "DE")
