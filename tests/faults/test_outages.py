"""One fault at a time, against the running product: what is killed, frozen, slow or full, and what
becomes of the mails."""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message
from itertools import count
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import psycopg
import pytest
import redis

from backorders_site.demo.supervisor import BASE_DIR
from tests.engines import ENVIRONMENT
from tests.faults.chaos import Process
from tests.faults.product import Product

pytestmark = pytest.mark.faults
PATIENCE = 90
STOP, KILL = signal.SIGSTOP, signal.SIGKILL
SENT = """
    SELECT m.state, m.ambiguous_count, m.message_id
    FROM notifications_message m JOIN orders_order o ON o.id = m.order_id
    WHERE o.number = ANY(%s) AND m.state <> 'superseded' ORDER BY m.id"""
CONNECTED = "SELECT count(*) FROM notifications_message WHERE in_flight"
_prefixes = count(1)


@dataclass(frozen=True)
class Told:
    """Of a message: how it stands and how often the mail server took it, in how many different
    forms."""

    state: str
    ambiguous: int
    copies: int
    forms: int


class Shop:
    def __init__(self, product: Product) -> None:
        self.product, self.processes = product, product.processes
        self.mailbox = product.directory / "mail"
        self.hands = self._hands()

    def _hands(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "tests.faults", "hands"],
            cwd=BASE_DIR,
            env=self.product.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(
        self, do: str, hands: "subprocess.Popen[str] | None" = None, **how: object
    ) -> dict[str, Any]:
        hands = hands or self.hands
        assert hands.stdin
        assert hands.stdout
        hands.stdin.write(json.dumps({"do": do, **how}) + "\n")
        hands.stdin.flush()
        answer: dict[str, Any] = json.loads(hands.stdout.readline() or "{}")
        return answer

    def place(self, n: int, sku: str = "KILL-0") -> dict[str, Any]:
        answer = self.ask("place", n=n, prefix=f"P{next(_prefixes)}", sku=sku)
        assert "error" not in answer, answer
        return answer

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(
            self.product.environment["DATABASE_URL"], autocommit=True
        ) as connection:
            return connection.execute(sql, values).fetchall()

    def told(self, numbers: Sequence[str]) -> list[Told]:
        rows = self.rows(SENT, list(numbers))
        accepted = self.accepted()  # after the rows: what they call sent has been accepted
        return [
            Told(state, ambiguous, len(accepted.get(key, [])), len(set(accepted.get(key, []))))
            for state, ambiguous, key in rows
        ]

    def accepted(self) -> dict[str, list[bytes]]:
        mails: dict[str, list[bytes]] = {}
        for path in sorted(self.mailbox.glob("*.eml")):
            _, _, content = path.read_bytes().partition(b"\r\n")
            mails.setdefault(
                str(message_from_bytes(content, policy=policy.default)["Message-ID"]), []
            ).append(content)
        return mails

    def wait_until_told(self, numbers: Sequence[str]) -> list[Told]:
        """Each order's mail is sent. A pause for an outage is cut short."""
        for _ in until(lambda: f"not told: {self.told(numbers)}, {self.logs()}"):
            self.supervise()
            self.rows(
                "UPDATE notifications_message SET next_attempt_at = now() WHERE state = 'queued' "
                "AND ambiguous_count = 0"
                " AND next_attempt_at > now() RETURNING 1"
            )
            told = self.told(numbers)
            if len(told) == len(numbers) and {row.state for row in told} == {"sent"}:
                break
        return told

    def get(self, url: str) -> tuple[int, Message, float]:
        started = time.monotonic()
        try:
            with urlopen(url, timeout=15) as answer:  # noqa: S310 - our own site
                answer.read()
                return answer.status, answer.headers, time.monotonic() - started
        except HTTPError as error:
            return error.code, error.headers, time.monotonic() - started

    def read(self, url: str) -> dict[str, Any]:
        with urlopen(url, timeout=15) as answer:  # noqa: S310 - our own site
            said: dict[str, Any] = json.loads(answer.read())
            return said

    def mood(self, words: str) -> None:
        (self.mailbox / "stalled").unlink(missing_ok=True)
        (self.mailbox / "mood").write_text(words)

    def restart(self, name: str) -> None:
        self.processes[name].kill()
        self.processes[name].start()

    def wait_for_database(self) -> None:
        for _ in until("PostgreSQL does not answer"):
            try:
                self.rows("SELECT 1")
                return
            except psycopg.OperationalError:
                continue

    def supervise(self) -> None:
        """Who ended by itself, because it could not do without another, is started again, as in
        production."""
        for process in self.processes.values():
            if process.running is not None and not process.is_up:
                process.start()

    def logs(self) -> str:
        files = [self.product.directory / f"{name}.log" for name in ("worker", "beat")]
        ages = self.rows("SELECT task, clock_timestamp() - at FROM notifications_heartbeat")
        return "\n".join(
            [str(ages), *(file.read_text()[-3000:] for file in files if file.exists())]
        )

    def another(self, name: str, number: int, *more: str) -> Process:
        """A second process beside one that runs."""
        model = self.processes[name]
        command = [*model.command, *more]
        return Process(f"{name}-{number}", command, model.directory, model.log, model.environment)


def until(complaint: str | Callable[[], str]) -> Iterator[None]:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        yield
        time.sleep(0.2)
    raise AssertionError(complaint if isinstance(complaint, str) else complaint())


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    patch = pytest.MonkeyPatch()
    for name in (*ENVIRONMENT, "DATABASE_URL", "REDIS_URL"):  # of the tests: the shop has its own
        patch.delenv(name, raising=False)
    # PostgreSQL's user has to get there
    directory = Path(tempfile.mkdtemp(prefix="backorders-outages-"))
    product = Product(directory, "--moody")
    try:
        product.prepare()
        product.processes.pop("sender")
        yield product
    finally:
        product.stop()
        patch.undo()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def shop(product: Product) -> Iterator[Shop]:
    """All is well, and everything runs."""
    (product.directory / "mail" / "mood").unlink(missing_ok=True)
    for process in product.processes.values():
        if not process.is_up:
            process.start()
            if process.name == "postgres":
                time.sleep(1)
    product.wait_for_the_site()
    shop = Shop(product)
    yield shop
    shop.mood("")
    for process in product.processes.values():
        process.thaw()
    shop.hands.kill()
    shop.hands.wait()


ONCE = Told("sent", 0, 1, 1)


# The broker


def test_with_the_broker_away_pages_work_and_mails_wait_and_then_go(shop: Shop) -> None:
    shop.processes["valkey"].kill()
    placed = shop.place(5)
    for url in (
        shop.product.environment["SITE_URL"] + "/",
        placed["links"][0],
        placed["links"][0] + "status.json",
    ):
        assert shop.get(url)[0] == 200
    assert shop.get(shop.product.environment["SITE_URL"] + "/readyz")[0] == 200
    shop.processes["valkey"].start()
    assert Counter(shop.wait_until_told(placed["numbers"])) == {ONCE: len(placed["numbers"])}


def test_a_broker_that_lost_a_hundred_tasks_loses_no_mail(shop: Shop) -> None:
    shop.processes["worker"].signal_all(STOP)
    shop.ask("publish", task="notifications.tasks.deliver", n=100)
    placed = shop.place(10)
    shop.processes["valkey"].kill()
    shutil.rmtree(shop.product.directory / "valkey" / "appendonlydir")
    shop.processes["valkey"].start()
    shop.processes["worker"].thaw()
    assert Counter(shop.wait_until_told(placed["numbers"])) == {ONCE: len(placed["numbers"])}


def test_a_broker_that_hangs_holds_up_no_page_and_loses_no_mail(shop: Shop) -> None:
    shop.processes["valkey"].signal_all(STOP)
    placed = shop.place(5)
    status, _, took = shop.get(placed["links"][0])
    assert (status, took < 5) == (200, True)
    shop.processes["valkey"].thaw()
    assert Counter(shop.wait_until_told(placed["numbers"])) == {ONCE: len(placed["numbers"])}


def test_a_broker_restarted_six_times_under_load_loses_no_mail(shop: Shop) -> None:
    numbers = []
    for _ in range(6):
        numbers += shop.place(5)["numbers"]
        shop.processes["valkey"].kill()
        numbers += shop.place(5)["numbers"]
        shop.processes["valkey"].start()
        time.sleep(0.5)
    assert Counter(shop.wait_until_told(numbers)) == {ONCE: len(numbers)}


def test_one_task_delivered_five_times_sends_one_mail(shop: Shop) -> None:
    placed = shop.place(3)
    for task in ("dispatch", "deliver"):
        shop.ask("publish", task=f"notifications.tasks.{task}", n=5)
    assert Counter(shop.wait_until_told(placed["numbers"])) == {ONCE: len(placed["numbers"])}


def test_a_broker_that_takes_no_writes_ends_no_worker_and_all_goes_on_when_it_does(
    shop: Shop,
) -> None:
    """As with its disk full. It still answers what is read."""
    obstacle = shop.product.directory / "valkey" / "dump.rdb"
    obstacle.unlink(missing_ok=True)
    obstacle.mkdir()  # no snapshot can be written
    ours = [shop.processes[name] for name in ("worker", "uploads", "beat")]
    before = [process.family()[0].pid for process in ours]
    with redis.Redis.from_url(shop.product.environment["REDIS_URL"]) as valkey:
        valkey.bgsave()
        readyz = shop.product.environment["SITE_URL"] + "/readyz"
        for _ in until("the broker takes writes"):
            if shop.read(readyz)["broker"] == "refuses writes":
                break
        placed = shop.place(5)
        time.sleep(5)  # a worker ended within one
        assert [process.is_up for process in ours] == [True] * 3
        obstacle.rmdir()
        valkey.bgsave()
        for _ in until("the broker takes no writes"):
            if shop.read(readyz)["broker"] == "ok":
                break
    assert Counter(shop.wait_until_told(placed["numbers"])) == {ONCE: len(placed["numbers"])}
    assert [process.family()[0].pid for process in ours] == before


# A large file


LATE = 15.0  # seconds: each task says every five that it ended well, and the machine is busy
FREE = """
    SELECT 1 FROM orders_stock s JOIN orders_product p ON p.id = s.product_id WHERE p.sku = 'KILL-0'
    FOR NO KEY UPDATE OF s SKIP LOCKED"""
AGES = """
    SELECT max(extract(epoch FROM clock_timestamp() - at)::float) FROM notifications_heartbeat
    WHERE task IN ('orders.tasks.review_settled', 'notifications.tasks.dispatch',
                   'notifications.tasks.deliver')"""


def test_the_dry_run_of_a_large_file_and_a_cancellation_hold_up_no_task(shop: Shop) -> None:
    """It is frozen while it holds the product: as long as with a file of any size."""
    (first, _) = shop.place(2)["numbers"]
    shop.wait_until_told([first])
    upload = shop.ask("upload", sku="KILL-0", rows=10_000)["upload"]
    for _ in until("the file holds no product"):
        if not shop.rows(FREE):
            break
    shop.processes["uploads"].signal_all(STOP)
    assert not shop.rows(FREE)
    shop.ask("cancel", number=first)
    other = shop.place(3, sku="KILL-1")["numbers"]
    ages = []
    ends = time.monotonic() + 2 * LATE
    while time.monotonic() < ends:
        ages += [age for (age,) in shop.rows(AGES)]
        time.sleep(0.5)
    assert shop.told(other) == [ONCE] * 3
    assert max(ages) < LATE
    shop.processes["uploads"].thaw()
    for _ in until("it is never checked, or the cancellation never reviewed"):
        checked = shop.rows("SELECT state FROM orders_upload WHERE id = %s", upload) == [
            ("checked",)
        ]
        due = """
            SELECT 1 FROM orders_product WHERE review_at < now()
            UNION ALL SELECT 1 FROM orders_shortening"""
        if checked and not shop.rows(due):
            break


# Those who send


@pytest.mark.parametrize("victim", ["pool child", "whole worker"])
@pytest.mark.parametrize(("mood", "copies"), [("stall", 1), ("stall-after", 2)])
def test_who_is_killed_with_a_mail_in_flight_costs_at_most_one_copy_that_is_counted(
    shop: Shop, mood: str, copies: int, victim: str
) -> None:
    """Before the content the mail server has nothing; after it, it may have the mail. Nobody can
    know: both are counted."""
    shop.mood(mood)
    placed = shop.place(1)
    for _ in until("no mail under way"):
        if (shop.mailbox / "stalled").exists():
            break
    if victim == "whole worker":
        shop.processes["worker"].kill()
    else:
        for child in shop.processes["worker"].family()[1:]:
            child.kill()
    shop.mood("")
    if victim == "whole worker":
        shop.processes["worker"].start()
    assert shop.wait_until_told(placed["numbers"]) == [Told("sent", 1, copies, 1)]


def test_two_beats_two_loops_and_two_workers_send_each_mail_once(shop: Shop) -> None:
    beat = shop.another("beat", 2)
    schedule = beat.command.index("--schedule") + 1
    beat.command = [
        *beat.command[:schedule],
        f"{beat.command[schedule]}-2",
        *beat.command[schedule + 1 :],
    ]
    loop = [sys.executable, "manage.py", "deliver_messages", "--loop"]
    loops = [Process(f"loop-{n}", loop, BASE_DIR, beat.log, beat.environment) for n in (1, 2)]
    more = [beat, shop.another("worker", 2, "--hostname", "second@%h"), *loops]
    for process in more:
        process.start()
    try:
        numbers = [number for _ in range(4) for number in shop.place(10)["numbers"]]
        assert Counter(shop.wait_until_told(numbers)) == {ONCE: len(numbers)}
    finally:
        for process in more:
            process.stop()


def test_who_dies_right_after_the_commit_leaves_a_mail_that_goes(shop: Shop) -> None:
    hands = shop._hands()
    shop.ask("place_and_die", hands, prefix="DIED")
    assert hands.wait() == -KILL
    assert Counter(shop.wait_until_told(["DIED-0"])) == {ONCE: len(["DIED-0"])}


# The database


def test_with_the_database_away_every_page_says_when_to_come_back_and_then_all_goes_on(
    shop: Shop,
) -> None:
    placed = shop.place(3)
    site, link = shop.product.environment["SITE_URL"], placed["links"][0]
    shop.processes["postgres"].kill()
    for url in (
        link,
        link + "live/",
        link + "status.json",
        link + "calendar.ics",
        f"{site}/p/KILL-0/",
        f"{site}/record/",
    ):
        status, headers, _ = shop.get(url)
        assert (url, status, headers.get("Retry-After")) == (url, 503, "30")
    assert (shop.get(f"{site}/livez")[0], shop.get(f"{site}/readyz")[0]) == (200, 503)
    shop.processes["postgres"].start()
    shop.wait_for_database()
    assert shop.get(link)[0] == 200
    assert {row.copies for row in shop.wait_until_told(placed["numbers"])} == {1}


def test_a_database_restarted_while_a_mail_is_under_way_costs_at_most_one_copy(shop: Shop) -> None:
    shop.mood("stall-after")
    placed = shop.place(1)
    for _ in until("no mail under way"):
        if (shop.mailbox / "stalled").exists():
            break
    shop.restart("postgres")
    shop.wait_for_database()
    shop.mood("")
    (told,) = shop.wait_until_told(placed["numbers"])
    assert (told.copies <= 1 + told.ambiguous, told.forms) == (True, 1)


# The mail server


def test_a_mail_server_whose_disk_is_full_gets_the_mail_later(shop: Shop) -> None:
    shop.mood("full")
    placed = shop.place(2)
    for _ in until("nothing was refused"):
        if shop.rows("SELECT 1 FROM notifications_attempt WHERE detail LIKE '452 4.3.1%%' LIMIT 1"):
            break
    shop.mood("")
    assert Counter(shop.wait_until_told(placed["numbers"])) == {ONCE: len(placed["numbers"])}


def test_a_slow_mail_server_slows_neither_pages_nor_promises(shop: Shop) -> None:
    shop.mood("slow")
    placed = shop.place(6)
    for _ in until("nothing is under way"):
        if shop.rows(CONNECTED) != [(0,)]:
            break
    times = [shop.get(placed["links"][n % 6])[2] for n in range(10)]
    assert sorted(times)[5] < 1
    before = shop.rows("SELECT max(id) FROM orders_promise")
    more = shop.place(1)
    assert shop.rows("SELECT max(id) FROM orders_promise") > before
    shop.mood("")
    told = shop.wait_until_told([*placed["numbers"], *more["numbers"]])
    assert all(row.copies <= 1 + row.ambiguous and row.forms == 1 for row in told)


# A long act


def test_a_delay_told_to_5000_that_is_killed_half_way_and_pressed_again_is_one_mail_each(
    shop: Shop,
) -> None:
    shop.ask("hold", reason="they are counted, not sent")
    numbers = shop.ask("place", n=5000, prefix="MANY", sku="KILL-7")["numbers"]
    assert len(numbers) == 5000
    shop.ask("review", sku="KILL-7")
    shop.ask("dispatch")
    shop.ask("slip", sku="KILL-7", days=200)
    told = """
        SELECT count(*) FROM orders_event e JOIN orders_order o ON o.id = e.order_id
        WHERE o.number LIKE 'MANY-%%' AND e.kind IN ('later', 'no_date')"""
    last_in_line = """
        SELECT 1 FROM orders_orderline
        WHERE order_id = (SELECT id FROM orders_order WHERE number = 'MANY-4999') FOR UPDATE"""
    with psycopg.connect(shop.product.environment["DATABASE_URL"]) as between:
        between.execute(last_in_line)
        killed(shop, "review", lambda: waits_for_a_lock(shop), sku="KILL-7")
    assert shop.rows(told) == [(0,)]
    shop.ask("review", sku="KILL-7")
    assert shop.rows(told) == [(5000,)]
    messages = """
        SELECT count(*), count(DISTINCT m.order_id)
        FROM notifications_message m JOIN orders_order o ON o.id = m.order_id
        WHERE o.number LIKE 'MANY-%%' AND m.state = 'queued' AND m.kind IN ('later', 'no_date')"""
    for _ in until("not all have their mail"):
        if shop.rows(messages) == [(5000, 5000)]:
            break
    assert shop.rows("SELECT count(*) FROM orders_event WHERE message_due") == [(0,)]


def waits_for_a_lock(shop: Shop) -> bool:
    return bool(
        shop.rows(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = "
            "current_database()"
        )
    )


def killed(shop: Shop, do: str, when: Callable[[], bool], **how: object) -> None:
    """An act in a process of its own, which is killed when it is half-way."""
    hands = shop._hands()
    assert hands.stdin
    hands.stdin.write(json.dumps({"do": do, **how}) + "\n")
    hands.stdin.flush()
    for _ in until("it never got half-way"):
        if when():
            break
    hands.kill()
    hands.wait()
