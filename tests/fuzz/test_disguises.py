"""A file in disguise is imported as the clean one, or it is refused. There is no third thing."""

import csv
import io
from pathlib import Path

import pytest

from orders.imports.csv.table import CsvTable, Unreadable
from orders.imports.run import ImportRun, NothingWritten
from orders.imports.sources import HEADERS
from orders.imports.sources.mapped_columns import read_map
from orders.models import Order, OrderLine, Receipt, RestockDate, Shipment
from tests.factories import NOON
from tests.fuzz.disguises import OF_BYTES, OF_WORDS, Rows, text_of
from tests.fuzz.hostile import Hostile, many
from tests.fuzz.site import Verdict, undone
from tests.fuzz.test_files import KINDS, MAP, Read, shop  # noqa: F401 - the shop is a fixture

pytestmark = [pytest.mark.fuzz, pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def outcome(path: Path, content: bytes, read: Read, kind: str) -> object:
    """What is here afterwards; a text where the file was refused."""
    path.write_bytes(content)
    known = read_map(MAP).headers if kind == "woocommerce" else HEADERS
    with undone():
        try:
            table = CsvTable(path, name="file.csv", known=known)
            read(ImportRun(table.name, NOON), table)
        except (Unreadable, NothingWritten) as error:
            return str(error) or "rows were refused"
        line = ("order__number", "product__sku", "quantity", "agreed_by", "unit_price", "queued_at")
        order = ("number", "placed_at", "email", "customer_name", "country")
        return [
            sorted(model.objects.values_list(*fields), key=str)
            for model, fields in (
                (OrderLine, line),
                (Order, order),
                (Shipment, ("tracking_number", "shipped_at", "lines__quantity")),
                (RestockDate, ("restock__reference", "expected_on", "posted_on")),
                (Receipt, ("quantity", "arrived_on")),
            )
        ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_in_disguise_means_the_same_or_is_refused(tmp_path: Path, kind: str) -> None:
    hostile, verdict, (good, read) = Hostile(f"disguise {kind}"), Verdict(), KINDS[kind]
    path = tmp_path / "file.csv"
    clean = outcome(path, good, read, kind)
    assert isinstance(clean, list)
    refused = 0
    for n in many(120):
        rows: Rows = list(csv.reader(io.StringIO(good.decode("utf-8-sig"))))
        words = hostile.sample(list(OF_WORDS), hostile.choice((0, 1, 1, 2)))
        for word in sorted(words, key=lambda word: word == "beside"):  # it moves the header
            OF_WORDS[word](hostile, rows)
        name = list(OF_BYTES)[n % len(OF_BYTES)]
        content = OF_BYTES[name](hostile, rows)
        verdict.asked += 1
        found = outcome(path, content, read, kind)
        refused += isinstance(found, str)
        if not isinstance(found, str) and found != clean:
            verdict.say(f"{name} {words}", (text_of(rows), found))
    verdict.holds(len(many(120)))
    assert refused < verdict.asked * 0.7  # much of it can be told
