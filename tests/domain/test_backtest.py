from datetime import date, timedelta

import pytest

from orders.domain.backtest import BacktestReport, BadFile, backtest, read_versions

START = date(2025, 1, 1)
HEADER = "reference,supplier,posted_on,promised_on,arrived_on,known_on,quantity"


def delivery(number: int, slip: int | None, *, known_after: int = 0, supplier: str = "Acme") -> str:
    """Promised ten days ahead, eleven days after the one before, so that a punctual one is known by
    the next."""
    posted_on = START + timedelta(days=11 * number)
    promised_on = posted_on + timedelta(days=10)
    arrived_on = "" if slip is None else promised_on + timedelta(days=slip)
    known_on = "" if slip is None else arrived_on + timedelta(days=known_after)
    return f"R{number},{supplier},{posted_on},{promised_on},{arrived_on},{known_on},5"


def report(*rows: str, header: str = HEADER) -> BacktestReport:
    return backtest(read_versions([header, *rows], "file.csv"))


def test_deliveries_that_always_keep_their_date_are_covered_by_windows_of_no_width() -> None:
    scores = report(*(delivery(number, 0) for number in range(40)))

    assert (scores.rows, scores.scored, scores.open_ended) == (40, 10, 0)
    assert scores.windows == scores.face_value
    assert scores.as_json()["window80"] == {"coverage": 1.0, "mean_width": 0.0, "late": 0.0}


def test_a_supplier_who_is_always_five_days_late_is_late_at_face_value_only() -> None:
    scores = report(*(delivery(number, 5) for number in range(40)))

    assert scores.windows.window80.late == 0
    assert scores.windows.median_absolute_error == 0
    assert (scores.face_value.window80.coverage, scores.face_value.window80.late) == (0, 1)
    assert scores.face_value.median_absolute_error == 5
    assert scores.face_value.pinball == {"0.1": 0.5, "0.5": 2.5, "0.9": 4.5}


def test_what_was_not_known_on_the_day_of_the_promise_does_not_help() -> None:
    known_at_once = report(*(delivery(number, 5) for number in range(40)))
    known_years_later = report(*(delivery(number, 5, known_after=2000) for number in range(40)))

    assert (known_at_once.scored, known_years_later.scored) == (10, 0)


def test_a_delivery_still_open_is_not_scored() -> None:
    rows = [delivery(number, 0) for number in range(39)]

    assert report(*rows, delivery(39, None)).scored == 9


def test_suppliers_with_few_dates_of_their_own_are_scored_apart() -> None:
    rows = [delivery(number, 0) for number in range(39)]

    few = report(*rows, delivery(39, 1, supplier="New")).windows.few

    assert (few.n, few.coverage80) == (1, 0)


def test_an_empty_file_has_no_figures_rather_than_zeros() -> None:
    assert report().as_json()["window80"] == {"coverage": None, "mean_width": None, "late": None}


def test_the_json_keys_are_those_others_rely_on() -> None:
    figures = ["rows", "window80", "window90", "pinball", "median_absolute_error", "few"]

    json = report().as_json()

    assert list(json) == [*figures, "face_value"]
    assert list(json["face_value"]) == figures
    assert list(json["few"]) == ["n", "coverage80"]


def test_restock_rows_share_the_arrival_that_stands_on_one_of_them() -> None:
    header = (
        "reference,sku,supplier,quantity,expected_on,posted_on,reason,arrived_on,"
        "quantity_arrived,known_on"
    )
    rows = [
        "R1,A,Acme,5,2026-03-01,2026-01-01,,,,",
        "R1,A,Acme,5,2026-03-09,2026-02-20,supplier_late,2026-03-10,5,2026-03-11",
    ]

    versions = read_versions([header, *rows], "file.csv")

    assert [version.promised_on for version in versions] == [date(2026, 3, 1), date(2026, 3, 9)]
    assert {(version.arrived_on, version.known_on) for version in versions} == {
        (date(2026, 3, 10), date(2026, 3, 11))
    }


@pytest.mark.parametrize(
    "row, fault",
    [
        (
            "R1,Acme,2026-01-01,soon,,,5",
            "promised_on is 'soon'; expected a date such as 2026-03-31",
        ),
        (
            "R1,Acme,2026-01-01,2026-02-01,,,some",
            "quantity is 'some'; expected a whole number above 0",
        ),
        (",Acme,2026-01-01,2026-02-01,,,5", "reference is empty; expected a name"),
        (
            "R1,Acme,2026-01-01,2026-02-01,2026-02-03,2026-02-02,5",
            "known_on is 2026-02-02; expected the arrived_on it records, that day or before",
        ),
        ("R1,Acme", "the number of fields differs from the header's; expected one per column"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_with_what_was_expected(row: str, fault: str) -> None:
    with pytest.raises(BadFile) as error:
        read_versions([HEADER, delivery(0, 0), row], "file.csv")

    assert str(error.value) == f"file.csv:3: {fault}"


def test_a_missing_column_is_named() -> None:
    with pytest.raises(
        BadFile, match=r"^file.csv:1: no column quantity; expected reference, supplier, "
    ):
        read_versions([HEADER.removesuffix(",quantity")], "file.csv")
