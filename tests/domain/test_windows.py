from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from orders.domain.windows import DateVersion, SupplierHistory, SupplierRecord

TODAY = date(2026, 6, 1)
LONG_AGO = TODAY - timedelta(days=500)


def days(number: int) -> timedelta:
    return timedelta(days=number)


def promise(
    reference: str,
    promised_on: date,
    slip: int | None,
    *,
    supplier: str = "Acme",
    known_after: int = 0,
) -> DateVersion:
    arrived_on = None if slip is None else promised_on + days(slip)
    known_on = arrived_on and arrived_on + days(known_after)
    return DateVersion(
        supplier, reference, promised_on - days(30), promised_on, 10, arrived_on, known_on
    )


def settled(
    slips: list[int], *, supplier: str = "Acme", promised_on: date = LONG_AGO
) -> list[DateVersion]:
    return [
        promise(f"{supplier}-{n}", promised_on, slip, supplier=supplier)
        for n, slip in enumerate(slips)
    ]


class BruteForce:
    """The method row by row as ETA.md words it, in fractions."""

    def __init__(self, versions: list[DateVersion], supplier: str, promised_on: date):
        rows = []
        for version in versions:
            if version.promised_on >= TODAY:
                continue
            known = version.known_on is not None and version.known_on <= TODAY
            slip = ((version.arrived_on if known else TODAY) - version.promised_on).days
            rows.append((version.supplier, slip, 0 if known else 1))
        above = (TODAY - promised_on).days - 1 if promised_on < TODAY else -366
        everyone = [row for row in rows if row[1] > above]
        own = [row for row in everyone if row[0] == supplier]
        weighted = [(slip, is_open, Fraction(10, len(everyone))) for _, slip, is_open in everyone]
        weighted += [(slip, is_open, Fraction(1)) for _, slip, is_open in own]
        self.promised_on = promised_on
        self.has_window = sum(not is_open for _, _, is_open in everyone) >= 5
        self.steps: list[tuple[int, Fraction]] = []
        at_risk = total = sum((weight for *_, weight in weighted), Fraction(0))
        survival = Fraction(1)
        for slip, is_open, weight in sorted(weighted):
            if not is_open:
                survival *= 1 - weight / at_risk
                self.steps.append((slip, 1 - survival))
            at_risk -= weight
        self.n_eff = (
            total**2 / sum(weight**2 for *_, weight in weighted) if weighted else Fraction(0)
        )

    def day(self, q: Fraction) -> date | None:
        if not self.has_window:
            return None
        if q > Fraction(1, 2):
            level = min(Fraction(1), q * (1 + 1 / self.n_eff))
        elif q < Fraction(1, 2):
            level = max(Fraction(1, 10**6), 1 - (1 - q) * (1 + 1 / self.n_eff))
        else:
            level = q
        reached = [slip for slip, share in self.steps if share >= level]
        return max(TODAY, self.promised_on + days(reached[0])) if reached else None

    def chance_by(self, day: date) -> Fraction:
        reached = [share for slip, share in self.steps if self.promised_on + days(slip) <= day]
        return reached[-1] if reached and self.has_window and day >= TODAY else Fraction(0)


histories = st.lists(
    st.tuples(
        st.sampled_from(["Acme", "Bolt"]),
        st.integers(-5, 60),  # days since it was promised for
        st.none() | st.integers(-8, 30),
        st.integers(0, 10),  # days until the arrival was recorded
    ),
    min_size=36,
    max_size=70,
)


@given(histories, st.sampled_from(["Acme", "Bolt", "New"]), st.integers(-20, 25))
@settings(deadline=None, max_examples=80)
def test_windows_are_those_of_the_product_limit_curve_taken_row_by_row(
    history: list[tuple[str, int, int | None, int]], supplier: str, overdue: int
) -> None:
    # 30 promises make the record rated, whatever hypothesis adds to them.
    versions = settled([-1, 0, 0, 4, 9, 21] * 5, supplier="Bolt")
    for n, (of, since, slip, known_after) in enumerate(history):
        versions.append(
            promise(f"R{n}", TODAY - days(since), slip, supplier=of, known_after=known_after)
        )
    promised_on = TODAY - days(overdue)
    expected = BruteForce(versions, supplier, promised_on)

    arrival = SupplierRecord.as_of(versions, TODAY).arrival(supplier, promised_on)

    for percent in (5, 10, 50, 90, 95):
        assert arrival.day(percent / 100) == expected.day(Fraction(percent, 100))
    for ahead in (-1, 0, 3, 14, 30):
        day = TODAY + days(ahead)
        assert abs(arrival.chance_by(day) - expected.chance_by(day)) < 1e-9


def test_a_delivery_already_late_is_compared_only_with_those_that_were_later() -> None:
    record = SupplierRecord.as_of(settled([0] * 20 + [10] * 20), TODAY)
    promised_on = TODAY - days(3)

    arrival = record.arrival("Acme", promised_on)

    assert [arrival.day(level) for level in (0.1, 0.5, 0.9)] == [promised_on + days(10)] * 3
    assert arrival.chance_by(promised_on + days(9)) == 0
    assert (arrival.evidence["records"], arrival.evidence["own"]) == (20, 20)


def test_open_overdue_deliveries_make_the_late_day_later_than_arrivals_alone() -> None:
    arrived = settled([0] * 36 + [30] * 4)
    still_open = [promise(f"open-{n}", TODAY - days(20), None) for n in range(20)]
    promised_on = TODAY + days(10)

    alone = SupplierRecord.as_of(arrived, TODAY).arrival("Acme", promised_on)
    with_open = SupplierRecord.as_of([*arrived, *still_open], TODAY).arrival("Acme", promised_on)

    assert alone.day(0.8) == promised_on
    assert with_open.day(0.8) == promised_on + days(30)


def test_a_level_the_curve_never_reaches_has_no_day_rather_than_the_largest_seen() -> None:
    versions = settled([0] * 30) + [promise(f"open-{n}", TODAY - days(90), None) for n in range(30)]

    arrival = SupplierRecord.as_of(versions, TODAY).arrival("Acme", TODAY)

    assert (arrival.day(0.1), arrival.day(0.9)) == (TODAY, None)


def test_fewer_than_thirty_promises_give_the_suppliers_own_date_and_no_chance() -> None:
    arrival = SupplierRecord.as_of(settled([0] * 29), TODAY).arrival("Acme", TODAY)

    assert not arrival.rated
    assert [arrival.day(level) for level in (0.1, 0.5, 0.9)] == [TODAY] * 3
    assert arrival.chance_by(TODAY + days(99)) == 0


def test_an_unrated_date_that_has_passed_is_no_date() -> None:
    assert SupplierRecord.as_of([], TODAY).arrival("Acme", TODAY - days(1)).day(0.5) is None


def test_fewer_than_five_arrivals_as_late_as_this_give_no_window() -> None:
    record = SupplierRecord.as_of(settled([0] * 40 + [20] * 4), TODAY)

    arrival = record.arrival("Acme", TODAY - days(10))

    assert arrival.rated
    assert [arrival.day(level) for level in (0.1, 0.5, 0.9)] == [None] * 3


def test_an_arrival_counts_only_from_the_day_it_was_recorded() -> None:
    versions = [*settled([0] * 40), promise("late", TODAY - days(9), 1, known_after=9)]
    history = SupplierHistory(versions)

    def held(today: date) -> tuple[int, float]:
        arrival = history.as_of(today).arrival("Acme", today - days(2))
        return arrival.evidence["records"], arrival.chance_by(today + days(300))

    # Unknown: open for 9 days, so it compares with a delivery 2 days late. Known: it was 1 day late
    # and does not.
    assert held(TODAY) == (1, 0)
    assert held(TODAY + days(1)) == (0, 0)


def test_a_promise_joins_the_record_once_its_day_has_passed() -> None:
    history = SupplierHistory(settled([0] * 30, promised_on=TODAY))

    assert not history.as_of(TODAY).arrival("Acme", TODAY + days(9)).rated
    assert history.as_of(TODAY + days(1)).arrival("Acme", TODAY + days(9)).rated


def test_a_promise_posted_after_its_own_day_joins_when_it_is_posted() -> None:
    backdated = [replace(version, posted_on=TODAY) for version in settled([0] * 30)]
    history = SupplierHistory(backdated)

    assert not history.as_of(TODAY - days(1)).arrival("Acme", TODAY + days(9)).rated
    assert history.as_of(TODAY).arrival("Acme", TODAY + days(9)).rated


def test_a_date_posted_again_and_lines_of_one_delivery_are_one_promise_as_late_as_its_last() -> (
    None
):
    first, second = (promise("R1", TODAY - days(99), slip) for slip in (0, 7))
    moved = promise("R1", TODAY - days(95), 3)

    repeated = replace(first, posted_on=TODAY - days(1))
    history = SupplierHistory([first, second, moved, repeated])

    def later_than_six_days(today: date) -> int:
        return history.as_of(today).arrival("Acme", today - days(7)).evidence["records"]

    # Its last line arrived 7 days late, 92 days ago; the day before it is open and no later than 6
    # days.
    assert (later_than_six_days(TODAY - days(93)), later_than_six_days(TODAY - days(92))) == (0, 1)
    evidence = history.as_of(TODAY).arrival("Acme", TODAY).evidence
    assert (evidence["dates"], evidence["held"]) == (2, 0)


def test_slips_of_more_than_a_year_early_or_two_late_are_left_to_a_person() -> None:
    impossible = [
        *settled([-366, 731], promised_on=TODAY - days(800)),
        promise("open", TODAY - days(731), None),
    ]
    extremes = settled([-365, 730], supplier="Bolt", promised_on=TODAY - days(800))

    assert (
        SupplierRecord.as_of(impossible + extremes, TODAY)
        .arrival("Acme", TODAY)
        .evidence["records"]
        == 2
    )


def test_the_record_is_the_last_2000_of_everyone_and_the_last_200_of_the_supplier() -> None:
    old = settled([40] * 2100, supplier="Bolt", promised_on=TODAY - days(600))
    new = settled([0] * 250, promised_on=TODAY - days(300))

    evidence = SupplierRecord.as_of(new + old, TODAY).arrival("Acme", TODAY).evidence

    assert evidence == {
        "records": 2000,
        "own": 200,
        "own_share": 200 / 210,
        "dates": 20,
        "held": 20,
    }
