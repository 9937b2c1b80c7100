"""Every file that is read: spoilt bytes, spoilt cells, spoilt columns. It is imported, or it is
said where it is wrong."""

import csv
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from backorders_site.staff import uploads
from orders import queue, services
from orders.domain.backtest import BadFile, backtest, read_versions
from orders.imports.csv.orders import import_orders
from orders.imports.csv.restocks import import_restocks
from orders.imports.csv.shipments import import_shipments
from orders.imports.csv.table import CsvTable, Unreadable
from orders.imports.products import ProductSelection
from orders.imports.run import ImportRun, NothingWritten
from orders.imports.sources import dialect_of
from orders.imports.sources.mapped_columns import MappedColumns, read_map
from orders.models import Upload
from tests import factories
from tests.factories import NOON
from tests.fuzz.hostile import Hostile, many
from tests.fuzz.site import Verdict, counted, undone

pytestmark = [pytest.mark.fuzz, pytest.mark.django_db, pytest.mark.usefixtures("noon")]

ROOT = Path(__file__).parents[2]
OURS = (
    b"order_number,placed_at,customer_email,customer_name,country,locale,sku,quantity,region,paid_at,promised_by\r\n"
    b"1001,2026-10-01T10:00:00+02:00,ada@example.com,Ada "
    b"Lovelace,GB,en,LAMP,2,,2026-10-01,2026-12-01\r\n"
    b"1001,2026-10-01T10:00:00+02:00,ada@example.com,Ada Lovelace,GB,en,RUG,1,,2026-10-01,\r\n"
    b'1002,2026-10-02,grace@example.com,"Hopper, Grace",US,en-US,LAMP,1,CA,,\r\n'
)
RESTOCKS = (
    b"reference,sku,supplier,quantity,expected_on,posted_on,reason,arrived_on,quantity_arrived,known_on\n"
    b"PO-1,LAMP,Lanterns Ltd,30,2026-10-20,2026-09-20,,,,\n"
    b"PO-1,LAMP,Lanterns Ltd,30,2026-11-01,2026-10-10,customs,2026-11-01,20,2026-11-02\n"
    b"PO-2,RUG,Weavers,12,2026-12-01,2026-10-01,,,,\n"
)
SHIPMENTS = (
    b"order_number,sku,quantity,shipped_at,carrier,tracking_number\n"
    b"77,LAMP,1,2026-11-01T10:00:00Z,UPS,1Z999\n77,RUG,1,2026-11-01T10:00:00Z,UPS,1Z999\n78,LAMP,1,2026-11-01,DHL,\n"
)
SHOPIFY = (ROOT / "tests/data/shopify_orders_export.csv").read_bytes()
WOOCOMMERCE = (ROOT / "tests/data/woocommerce_orders.csv").read_bytes()
MAP = ROOT / "docs/importing/woocommerce.toml"
NAMED = re.compile(r"\A[^:]*:\d+: .+", re.DOTALL)  # file:row: what is wrong

Read = Callable[[ImportRun, CsvTable], Any]


def orders(run: ImportRun, table: CsvTable) -> Any:
    return import_orders(run, table, dialect_of(table), ProductSelection(all_products=True))


def mapped_orders(run: ImportRun, table: CsvTable) -> Any:
    column_map = read_map(MAP)
    column_map.check(table.header, table.name)
    return import_orders(run, table, column_map, ProductSelection(all_products=True))


KINDS: dict[str, tuple[bytes, Read]] = {
    "our orders": (OURS, orders),
    "shopify": (SHOPIFY, orders),
    "woocommerce": (WOOCOMMERCE, mapped_orders),
    "restocks": (RESTOCKS, import_restocks),
    "shipments": (SHIPMENTS, import_shipments),
}


@pytest.fixture(autouse=True)
def shop() -> None:
    """Orders 77 and 78 wait for what the files bring and ship."""
    lamp, rug = factories.make_product(sku="LAMP"), factories.make_product(sku="RUG")
    orders = [services.NewLine(lamp, 3), services.NewLine(rug, 2)]
    new = services.NewOrder(
        number="77", placed_at=NOON, email="ada@example.com", customer_name="A", lines=orders
    )
    services.place_order(new, now=NOON)
    factories.order(lamp, 2, number="78")
    services.receive(lamp, 4, now=NOON)


def spoilt(hostile: Hostile, good: bytes) -> bytes:
    """By bytes, or by a cell, a column or a row of it."""
    if hostile.random() < 0.4:
        return hostile.bytes_of(good)
    bom = b"\xef\xbb\xbf" if good.startswith(b"\xef\xbb\xbf") or hostile.random() < 0.1 else b""
    rows = list(csv.reader(io.StringIO(good.decode("utf-8-sig"))))
    for _ in range(hostile.choice((1, 1, 2, 4))):
        _spoil_cell(hostile, rows)
    out = io.StringIO()
    csv.writer(
        out,
        delimiter=hostile.choice(",,,,,;\t"),
        lineterminator=hostile.choice(("\n", "\r\n", "\r")),
    ).writerows(rows)
    return bom + out.getvalue().encode(
        hostile.choice(("utf-8",) * 8 + ("utf-16", "cp1252", "latin-1")), "replace"
    )


def _spoil_cell(hostile: Hostile, rows: list[list[str]]) -> None:
    row = hostile.choice([row for row in rows if row] or [[""]])
    place = hostile.randrange(len(row))
    match hostile.randrange(12):
        case 0:
            row.pop(place)
        case 1:
            row.insert(place, hostile.text())
        case 2:
            rows.insert(hostile.randrange(len(rows)), list(row))
        case 3:
            hostile.shuffle(row)
        case 4:
            rows[hostile.randrange(len(rows))] = []
        case _:
            row[place] = hostile.text(row[place])


@pytest.mark.parametrize("kind", KINDS)
def test_a_spoilt_file_is_read_or_said_to_be_wrong(tmp_path: Path, kind: str) -> None:
    hostile, verdict, (good, read) = Hostile(kind), Verdict(), KINDS[kind]
    path = tmp_path / "file.csv"
    for _ in many(350):
        content = spoilt(hostile, good)
        path.write_bytes(content)
        run_once(verdict, path, read, content, skip_bad=hostile.random() < 0.4)
    verdict.holds(len(many(350)))


def run_once(verdict: Verdict, path: Path, read: Read, content: bytes, *, skip_bad: bool) -> None:
    verdict.asked += 1
    said: Sequence[str] = ()
    with undone():
        before = counted()
        try:
            table = CsvTable(path)
            run = ImportRun(table.name, NOON, skip_bad)
            read(run, table)
        except Unreadable as error:
            said = [str(error)]
        except NothingWritten:
            said = run.faults.kept or ["nothing is said"]
        except Exception as error:  # noqa: BLE001 - any is a traceback to whoever imports
            verdict.say(f"{type(error).__name__} {error}"[:300], content)
            return
        else:
            if list(queue.differences()):
                verdict.say("the queue is counted wrong", content)
        if said and counted() != before:
            verdict.say("half of it is written", content)
        if not all(NAMED.match(words) for words in said):
            verdict.say(f"nobody can tell where it is: {said}", content)


def test_a_spoilt_column_map_is_read_or_said_to_be_wrong(tmp_path: Path) -> None:
    hostile, verdict, path = Hostile("map"), Verdict(), tmp_path / "map.toml"
    for _ in many(200):
        content = hostile.bytes_of(MAP.read_bytes())
        path.write_bytes(content)
        verdict.asked += 1
        try:
            column_map = read_map(path)
            table = CsvTable(
                ROOT / "tests/data/woocommerce_orders.csv", delimiter=column_map.delimiter
            )
            column_map.check(table.header, table.name)
            with undone():
                import_orders(
                    ImportRun(table.name, NOON),
                    table,
                    column_map,
                    ProductSelection(all_products=True),
                )
        except (Unreadable, NothingWritten):
            pass
        except Exception as error:  # noqa: BLE001 - any is a traceback
            verdict.say(f"{type(error).__name__} {error}"[:300], content)
    verdict.holds(len(many(200)))
    assert isinstance(read_map(MAP), MappedColumns)


def test_deliveries_to_score_windows_on(tmp_path: Path) -> None:
    hostile, verdict, path = Hostile("backtest"), Verdict(), tmp_path / "file.csv"
    for _ in many(200):
        content = spoilt(hostile, RESTOCKS)
        path.write_bytes(content)
        verdict.asked += 1
        try:
            with path.open(encoding="utf-8-sig", newline="") as lines:
                backtest(read_versions(lines, str(path)))
        except (BadFile, UnicodeDecodeError):
            pass
        except Exception as error:  # noqa: BLE001 - any is a traceback
            verdict.say(f"{type(error).__name__} {error}"[:300], content)
    verdict.holds(len(many(200)))


def test_parcels_that_are_pasted(client: Client, admin_user: User) -> None:
    hostile, verdict = Hostile("paste"), Verdict()
    good = (
        b"order_number,tracking_number,carrier,sku,quantity\n77,1Z9,UPS,LAMP,1\n78,1Z8,UPS,LAMP,1\n"
    )
    client.force_login(admin_user)
    for n in many(200):
        content = spoilt(hostile, good)
        sent = (
            {"file": SimpleUploadedFile("p.csv", content)}
            if n % 3 == 0
            else {"pasted": content.decode(errors="replace")}
        )
        verdict.asked += 1
        with undone():
            try:
                answer = client.post(reverse("desk:shipping"), sent)
            except Exception as error:  # noqa: BLE001 - any is a 500
                verdict.say(f"{type(error).__name__} {error}"[:300], content)
                continue
            if answer.status_code != 200 or list(queue.differences()):
                verdict.say(str(answer.status_code), content)
    verdict.holds(len(many(200)))


def test_files_that_are_uploaded(client: Client, admin_user: User) -> None:
    """Uploaded, checked, looked at, its bad rows fetched, confirmed, imported: none of it ends in
    an error."""
    hostile, verdict = Hostile("upload"), Verdict()
    client.force_login(admin_user)
    for n in many(200):
        good, _ = list(KINDS.values())[n % len(KINDS)]
        content, name = spoilt(hostile, good), hostile.text("orders.csv")[:300]
        verdict.asked += 1
        with undone():
            try:
                _through_the_desk(client, verdict, content, name, skip_bad=hostile.random() < 0.5)
            except Exception as error:  # noqa: BLE001 - any is a 500
                verdict.say(f"{type(error).__name__} {error}"[:300], (name, content))
    verdict.holds(len(many(200)))


def _through_the_desk(
    client: Client, verdict: Verdict, content: bytes, name: str, *, skip_bad: bool
) -> None:
    file = io.BytesIO(content)
    file.name = name.encode("utf-8", "replace").decode()
    client.post(reverse("desk:import"), {"file": file, "all_products": "on"})
    row = Upload.objects.defer("content").first()
    if row is None:
        return  # said on the page
    for step in ("desk:upload", "desk:upload_rejected"):
        uploads.work_off()
        client.get(reverse(step, args=[row.pk]))
    client.post(
        reverse("desk:upload_confirm", args=[row.pk]), {"skip_bad": "on"} if skip_bad else {}
    )
    uploads.work_off()
    client.get(reverse("desk:upload", args=[row.pk]))
    row.refresh_from_db(fields=["state", "summary"])
    if re.match(r"\['?\w+(Error|Exception)", str(row.summary)) or list(queue.differences()):
        verdict.say(f"{row.state} {row.summary}", (name, content))
