"""Days on the way, for every country."""

from datetime import date

import pytest

from orders.domain.transit import arrives_by, parse_transit_days, transit_days


@pytest.mark.parametrize(
    ("country", "home", "days"),
    [
        ("US", "US", 5),
        ("DE", "DE", 5),
        ("CA", "US", 7),
        ("DE", "US", 7),
        ("MT", "US", 10),
        ("US", "DE", 14),
        ("NZ", "US", 14),
    ],
)
def test_within_the_shops_country_it_is_short_and_far_away_it_is_long(
    country: str, home: str, days: int
) -> None:
    assert transit_days(country, home=home, own={}) == days


def test_what_the_shop_sets_comes_first_and_its_star_is_for_all_others() -> None:
    own = parse_transit_days(" us=3, DE=6 ")
    assert [transit_days(each, home="US", own=own) for each in ("US", "DE", "FR")] == [3, 6, 7]
    own = parse_transit_days("US=3,*=20")
    assert [transit_days(each, home="FR", own=own) for each in ("US", "DE", "FR")] == [3, 20, 20]


def test_it_arrives_so_many_days_after_it_shipped() -> None:
    assert arrives_by(date(2026, 12, 28), 7) == date(2027, 1, 4)
