"""A backup is one that was restored: dumped, dropped, restored, and every row and every count is
there."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg import sql

from backorders_site.demo.embedded import POSTGRES_BIN
from orders import services
from tests import factories
from tests.conftest import MailSink
from tests.factories import NOON
from tests.mailing import mail

SHOP, RESTORED = "backup_shop", "backup_restored"
ROOT = Path(settings.BASE_DIR)
EVERY_ROW = """
    SELECT md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE "C"), '')), count(*)
    FROM {} t"""


def url_of(database: str) -> str:
    """Of the server the tests run on."""
    given = os.environ["DATABASE_URL"]
    return (
        given.replace("/backorders?", f"/{database}?")
        if "/backorders?" in given
        else f"{given.rpartition('/')[0]}/{database}"
    )


@pytest.fixture
def server(transactional_db: None) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    with psycopg.connect(url_of("postgres"), autocommit=True) as admin:
        yield admin
        for name in (SHOP, RESTORED):
            admin.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


def contents(database: str) -> dict[str, tuple[object, ...]]:
    with psycopg.connect(url_of(database)) as shop:
        tables = shop.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        ).fetchall()
        return {
            str(name): shop.execute(sql.SQL(EVERY_ROW).format(sql.Identifier(str(name)))).fetchone()
            or ()
            for (name,) in tables
        }


def script(
    name: str, file: Path, database: str, **other: str
) -> "subprocess.CompletedProcess[str]":
    environment = {
        **os.environ,
        "DATABASE_URL": url_of(database),
        "PATH": f"{POSTGRES_BIN}:{os.environ['PATH']}",
        "PYTHON": sys.executable,
        **other,
    }
    return subprocess.run(
        [str(ROOT / "deploy" / name), str(file)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_shop_that_was_dropped_is_restored_row_by_row_with_mail_held(
    server: "psycopg.Connection[tuple[object, ...]]", mail_sink: MailSink, tmp_path: Path
) -> None:
    product = factories.make_product(sku="LAMP")
    restock = factories.restock(product)
    lines = [factories.order(product, n + 1) for n in range(20)]
    factories.review(product)
    services.receive(product, 7, restock=restock, now=NOON)
    services.cancel(lines[10].order, now=NOON)
    mail()
    services.move_restock_date(
        restock, (NOON + timedelta(days=90)).date(), now=NOON, reason="customs"
    )
    name = str(connection.settings_dict["NAME"])
    connection.close()
    server.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(SHOP), sql.Identifier(name))
    )
    before = contents(SHOP)

    dumped = script("backup.sh", tmp_path / "shop.dump", SHOP)
    assert dumped.returncode == 0, dumped.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["shop.dump"]
    server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(SHOP)))
    server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(RESTORED)))
    refused = script("restore.sh", tmp_path / "shop.dump", RESTORED, SECRET_KEY="")
    assert (refused.returncode, "SECRET_KEY is not set" in refused.stderr, contents(RESTORED)) == (
        1,
        True,
        {},
    )
    restored = script("restore.sh", tmp_path / "shop.dump", RESTORED)

    assert restored.returncode == 0, restored.stderr
    assert "Email is paused." in restored.stdout
    after = contents(RESTORED)
    (_, pauses) = after.pop("notifications_pause")
    assert pauses == 1
    assert after == {
        table: rows for table, rows in before.items() if table != "notifications_pause"
    }
    assert before["orders_orderline"][1] == 20

    again = script("restore.sh", tmp_path / "shop.dump", RESTORED)
    assert (again.returncode, "Restore into an empty one" in again.stderr) == (1, True)


def test_a_backup_that_fails_leaves_no_file_that_looks_like_one(tmp_path: Path) -> None:
    failed = script("backup.sh", tmp_path / "shop.dump", "no_such_database")
    assert failed.returncode != 0
    assert list(tmp_path.iterdir()) == []
