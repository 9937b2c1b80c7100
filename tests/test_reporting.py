"""A parcel that left in time is never told to be late: a day is judged once this shop's report of
it is in."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from pytest_django.fixtures import Settings

from orders import services
from orders.models import OrderLine, Reason, Run
from orders.services.recorded_days import arrived_until, shipped_until
from orders.tasks import keep_deadlines, review_all, review_settled
from tests import factories
from tests.factories import NOON, fresh, kinds, make_product

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MIDNIGHT = datetime(2026, 11, 2, 5, tzinfo=UTC)  # in New York, of the day of NOON
TODAY, YESTERDAY = NOON.date(), NOON.date() - DAY


def shipped(at: datetime, *, recorded: datetime, actor: str = "") -> None:
    product = make_product()
    line = factories.order(product, now=min(at, recorded) - HOUR)
    services.ship(
        line.order, {line.pk: 1}, shipped_at=at, now=recorded, actor=actor, beyond_reserved=True
    )


def set_aside() -> OrderLine:
    """Promised for the day after NOON."""
    product = make_product()
    line = factories.order(product)
    services.receive(product, 1, now=NOON)
    return line


def lives_through(since: datetime, until: datetime) -> None:
    """What beat does, every ten minutes."""
    now = since
    while now <= until:
        with time_machine.travel(now, tick=False):
            review_settled()
            review_all()
            keep_deadlines()
        now += timedelta(minutes=10)


def test_what_left_at_one_and_is_imported_at_night_was_never_late() -> None:
    line = set_aside()
    lives_through(NOON, MIDNIGHT + 2 * DAY + HOUR)
    left = MIDNIGHT + DAY + 13 * HOUR
    services.ship(line.order, {line.pk: 1}, shipped_at=left, now=MIDNIGHT + 2 * DAY + HOUR)
    lives_through(MIDNIGHT + 2 * DAY + HOUR, MIDNIGHT + 2 * DAY + 10 * HOUR)
    assert kinds(line.order) == ["joined", "reserved", "shipped"]


def test_what_did_not_leave_is_told_once_the_night_s_report_is_in_and_before_the_shop_opens() -> (
    None
):
    other, line = set_aside(), set_aside()
    services.ship(other.order, {other.pk: 1}, shipped_at=NOON + DAY, now=MIDNIGHT + 2 * DAY + HOUR)
    lives_through(MIDNIGHT + 2 * DAY + HOUR, MIDNIGHT + 2 * DAY + 2 * HOUR)
    late = line.order.events.get(kind="later")
    assert late.at == MIDNIGHT + 2 * DAY + HOUR + timedelta(minutes=30)
    assert (fresh(line).promise.late, late.facts["reason"]) == (date(2026, 11, 5), Reason.PACKING)


def test_where_nothing_is_reported_at_night_it_is_told_at_eight(settings: Settings) -> None:
    line = set_aside()
    lives_through(MIDNIGHT + 2 * DAY, MIDNIGHT + 2 * DAY + 9 * HOUR)
    assert line.order.events.get(kind="later").at == MIDNIGHT + 2 * DAY + 8 * HOUR
    assert Run.objects.filter(job="deadlines").count() == 2


@pytest.mark.parametrize(
    ("lags", "today_is_in_at"),
    [
        ([], None),
        ([10.0, 12.0], 15.0),  # the cut-off
        ([10.0, 17.5], 18.0),
        ([10.0, 23.0], None),
        ([10.0, 25.0], None),
        ([12.0] * 19 + [30.0], 15.0),
        ([12.0] * 18 + [30.0] * 2, None),
        ([12.0, 24.0 * 5], 15.0),
    ],
    ids=[
        "nothing on record",
        "by noon",
        "in the evening",
        "too late to mail before midnight",
        "at night",
        "one of twenty forgotten",
        "a tenth at night",
        "a file of the past",
    ],
)
def test_when_a_days_parcels_are_recorded_is_learned_from_the_last_fortnight(
    lags: list[float], today_is_in_at: float | None
) -> None:
    start = MIDNIGHT + 21 * DAY
    for days, hours in enumerate(lags, 1):
        midnight = start - (days % 7 + 6) * DAY
        shipped(midnight + 10 * HOUR, recorded=midnight + hours * HOUR, actor="ruth")
    for hour in range(24):
        expected = start.date() - (today_is_in_at is None or hour < today_is_in_at) * DAY
        if today_is_in_at is None and hour < 8:
            expected -= DAY
        assert shipped_until(start + hour * HOUR) == expected


def test_a_parcel_whose_day_nobody_knows_says_nothing_of_when_parcels_are_recorded() -> None:
    line = set_aside()
    services.ship(line.order, {line.pk: 1}, now=NOON, day_known=False)
    assert shipped_until(NOON + 6 * HOUR) == YESTERDAY


@pytest.mark.parametrize(
    ("said", "hour", "day"),
    [
        ("live", 14, YESTERDAY),
        ("live", 15, TODAY),
        ("overnight", 7, YESTERDAY - DAY),
        ("overnight", 8, YESTERDAY),
        ("overnight", 23, YESTERDAY),
    ],
)
def test_the_setting_says_it_outright(settings: Settings, said: str, hour: int, day: date) -> None:
    settings.SHIPMENTS_RECORDED = said
    assert shipped_until(MIDNIGHT + hour * HOUR) == day


def test_a_shop_that_records_what_ships_as_it_ships_tells_at_the_cut_off_of_the_last_day() -> None:
    for n in range(1, 4):
        shipped(NOON - n * DAY, recorded=NOON - n * DAY, actor="ruth")
    line = set_aside()
    lives_through(NOON, MIDNIGHT + 2 * DAY)
    assert line.order.events.get(kind="later").at == MIDNIGHT + DAY + 15 * HOUR


@pytest.mark.parametrize(
    ("arrived", "day"), [(-1, YESTERDAY), (0, TODAY)], ids=["known the next day", "the same day"]
)
def test_the_days_deliveries_are_in_where_they_are_recorded_the_day_they_come(
    arrived: int, day: date
) -> None:
    """What waits is judged at the cut-off only there; elsewhere the next morning, on the day that
    breaks."""
    assert arrived_until(NOON + 6 * HOUR) == YESTERDAY
    services.receive(make_product(), 1, arrived_on=YESTERDAY + arrived * DAY, now=NOON - DAY)
    assert arrived_until(NOON + 6 * HOUR) == day
