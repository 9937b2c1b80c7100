"""The proxy's rules as they are shipped, in front of the site as it is shipped: nobody takes the
pages from everybody else, and nobody says where a request comes from but the proxy."""

import http.client
import io
import os
import re
import secrets
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from backorders_site.demo.embedded import free_port
from backorders_site.demo.supervisor import BASE_DIR
from orders.access import TRIES, WINDOW_SECONDS, Purpose, link_token
from orders.models import Upload
from tests import factories
from tests.conftest import Needs, empty_the_database
from tests.faults.chaos import Process
from tests.faults.hosts import proxy_rules

pytestmark = pytest.mark.django_db
HOST = "localhost"
PASSWORD = "correct horse battery"
# the tests have a quicker one, which the site does not know
STORED = make_password(PASSWORD, hasher="pbkdf2_sha256")
MANY = 24  # the site has eight threads
PATIENCE = 10  # seconds for a page
LARGE = 3 << 20
FORM = "application/x-www-form-urlencoded"
IN_CHUNKS = "Transfer-Encoding: chunked"
Forged = dict[str, str]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: str


@dataclass
class Client:
    """A browser at an address of this machine, with its cookies."""

    connect: Callable[[str], http.client.HTTPConnection]
    address: str = "127.0.0.1"
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, path: str, content: bytes | None = None, **headers: str) -> Answer:
        connection = self.connect(self.address)
        connection.putrequest("GET" if content is None else "POST", path)
        written = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            **headers,
        }
        if content is not None:
            written |= {
                "Content-Length": str(len(content)),
                "Referer": f"https://{HOST}:{connection.port}/",
            }
        for name, value in written.items():
            connection.putheader(name, value)
        connection.endheaders(content)
        answer = connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        read = Answer(answer.status, answer.headers, answer.read().decode())
        connection.close()
        return read

    def send(self, path: str, form: dict[str, str], **headers: str) -> Answer:
        token = self.token(path)
        kind = {"Content-Type": FORM}
        return self.ask(
            path, urlencode(form | {"csrfmiddlewaretoken": token}).encode(), **kind, **headers
        )

    def token(self, path: str) -> str:
        return re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.ask(path).body)[0]

    def pages(self) -> list[int]:
        return [self.ask("/").status for _ in range(8)]


@dataclass(frozen=True)
class Site:
    """A web host of two processes with four threads each, and Caddy in front of it."""

    web: int
    proxy: int
    authority: Path
    log: Path

    def client(self, address: str = "127.0.0.1") -> Client:
        return Client(lambda source: self._connection(source), address)

    def without_proxy(self) -> Client:
        return Client(
            lambda source: http.client.HTTPConnection(HOST, self.web, PATIENCE, (source, 0))
        )

    def _connection(self, source: str) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(
            HOST, self.proxy, timeout=PATIENCE, source_address=(source, 0), context=self._trust()
        )

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority))

    def socket(self, *, by_proxy: bool) -> socket.socket:
        made = socket.create_connection(
            ("127.0.0.1", self.proxy if by_proxy else self.web), PATIENCE
        )
        return self._trust().wrap_socket(made, server_hostname=HOST) if by_proxy else made

    @contextmanager
    def slow_bodies(
        self,
        length: str,
        at_once: bytes = b"",
        *,
        by_proxy: bool = True,
        sender: Client | None = None,
        kind: str = FORM,
    ) -> Iterator[None]:
        """Many forms, of which the rest comes a byte at a time as long as the block lasts. They
        have what lets a form in before it is read."""
        over = threading.Event()
        here = f"{HOST}:{self.proxy}"
        cookies = sender.cookies if sender else {"csrftoken": secrets.token_hex(16)}
        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        lets_in = (
            f"Cookie: {cookie}\r\nOrigin: https://{here}\r\n"
            f"Content-Type: {kind}\r\nX-Forwarded-Proto: https"
        )
        head = f"POST / HTTP/1.1\r\nHost: {here}\r\n{lets_in}\r\n{length}\r\n\r\n".encode()
        byte = b"1\r\na\r\n" if length == IN_CHUNKS else b"a"

        def one() -> None:
            while not over.is_set():  # whoever is refused comes again
                with suppress(OSError), self.socket(by_proxy=by_proxy) as slow:
                    slow.sendall(head + at_once)
                    while not over.wait(0.25):
                        slow.sendall(byte)
                over.wait(2)

        with ExitStack() as ending:
            for _ in range(MANY):
                thread = threading.Thread(target=one)
                thread.start()
                ending.callback(thread.join)
            ending.callback(over.set)
            time.sleep(1)  # the attack is under way
            yield


def started(
    name: str, command: list[str], directory: Path, environment: dict[str, str], ending: ExitStack
) -> None:
    process = Process(name, command, BASE_DIR, directory / f"{name}.log", environment)
    process.start()
    ending.callback(process.stop)


def until(holds: Callable[[], object]) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        with suppress(OSError):
            if holds():
                return
        time.sleep(0.1)
    raise TimeoutError


@pytest.fixture(scope="module")
def site(
    needs: Needs,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    needs("caddy")
    directory = tmp_path_factory.mktemp("proxy")
    web, proxy = free_port(), free_port()
    authority = directory / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    with django_db_blocker.unblock(), ExitStack() as ending:
        ending.callback(empty_the_database)
        for name in ("ann", "bob"):
            User.objects.create(username=name, password=STORED, is_staff=True, is_superuser=True)
        for n in range(TRIES["client"] + 10):
            factories.order(
                factories.make_product(), number=f"10{n:02}", email=f"cust{n}@example.com"
            )
        database = urlsplit(os.environ["DATABASE_URL"])._replace(
            path=f"/{connection.settings_dict['NAME']}"
        )
        environment = os.environ | {
            "DATABASE_URL": urlunsplit(database),
            "DEMO": "1",
            "SITE_URL": f"https://{HOST}:{proxy}",
            "TRUSTED_PROXIES": "1",
            "XDG_DATA_HOME": str(directory),
        }
        granian = [
            sys.executable,
            "-m",
            "granian",
            "--interface",
            "wsgi",
            "--port",
            str(web),
            "--workers",
            "2",
        ]
        granian += ["--blocking-threads", "4", "backorders_site.wsgi:application"]
        started("web", granian, directory, environment, ending)
        caddyfile = directory / "Caddyfile"
        ports = (f"https_port {proxy}", f"http_port {free_port()}", "default_bind 127.0.0.1")
        caddyfile.write_text(proxy_rules(HOST, [f"127.0.0.1:{web}"], *ports))
        caddy = ["caddy", "run", "--adapter", "caddyfile", "--config", str(caddyfile)]
        started("proxy", caddy, directory, environment, ending)
        site = Site(web, proxy, authority, directory / "proxy.log")
        until(lambda: authority.exists() and site.client().ask("/").status == 200)
        yield site


def looked_up(client: Client, n: int, **headers: str) -> int:
    return client.send(
        "/", {"number": f"10{n:02}", "email": f"cust{n}@example.com"}, **headers
    ).status


def forged(**named: str) -> Forged:
    """As the server takes them for those of the proxy: the last of its headers takes the place of
    one it has taken out."""
    return {**named, **dict.fromkeys(("Za", "Zb", "Zc", "Zd"), "1")}


# Slow bodies


@pytest.mark.parametrize(
    ("length", "at_once"),
    [
        ("Content-Length: 2000", b""),
        (IN_CHUNKS, b""),
        (f"Content-Length: {LARGE}", b"a" * (LARGE // 2)),  # more than the proxy holds back
    ],
)
def test_forms_that_come_a_byte_at_a_time_hold_up_nobody(
    site: Site, length: str, at_once: bytes
) -> None:
    with site.slow_bodies(length, at_once):
        assert site.client().pages() == [200] * 8
        assert looked_up(site.client(), 1) == 303


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=b", FORM, "text/plain"])
def test_files_of_staff_that_come_a_byte_at_a_time_hold_up_no_page(site: Site, kind: str) -> None:
    staff = site.client()
    assert staff.send("/admin/login/", {"username": "bob", "password": PASSWORD}).status == 302
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="parcels.csv"\r\n\r\n'
    length, at_once = "Content-Length: 2400000", part + b"a" * (LARGE // 2)
    with site.slow_bodies(length, at_once, sender=staff, kind=kind):
        assert site.client().pages() == [200] * 8
        assert looked_up(site.client(), 1) == 303


@pytest.mark.parametrize("length", ["Content-Length: 2000", IN_CHUNKS, f"Content-Length: {LARGE}"])
def test_without_such_a_proxy_they_hold_up_no_page(site: Site, length: str) -> None:
    client = site.without_proxy()
    with site.slow_bodies(length, by_proxy=False):
        answers = [client.ask("/", **{"X-Forwarded-Proto": "https"}).status for _ in range(8)]
    assert answers == [200] * 8


@pytest.mark.parametrize(
    "broken",
    [
        b"Transfer-Encoding: chunked\r\n\r\nno such length\r\n",
        b"Content-Length: 2000\r\n\r\nbroken off",
        b"Content-Length: 3000000\r\n\r\n" + b"broken off" * 150_000,
        b"Content-Length: 60000000\r\n\r\n" + b"a" * 60_000_000,
    ],
    ids=["no chunk", "short", "long", "too long"],
)
def test_no_host_is_left_out_for_what_a_client_broke_off(site: Site, broken: bytes) -> None:
    """Caddy took it for the host's failure, and for ten seconds there was none."""
    for _ in range(2):
        with suppress(OSError), site.socket(by_proxy=True) as client:
            client.sendall(f"POST / HTTP/1.1\r\nHost: {HOST}:{site.proxy}\r\n".encode() + broken)
    assert site.client().pages() == [200] * 8


def test_a_large_body_is_read_of_staff_alone(site: Site) -> None:
    staff, stranger = site.client(), site.client()
    assert staff.send("/admin/login/", {"username": "bob", "password": PASSWORD}).status == 302
    boundary = secrets.token_hex(8)
    rows = io.BytesIO()
    rows.write(b"order_number,sku,quantity,shipped_at,carrier,tracking_number\r\n")
    while rows.tell() < 8_000_000:
        rows.write(b"no such order,LAMP,1,2026-11-01,UPS,1Z999AA10123456784\r\n" * 1000)

    def upload(client: Client, token: str) -> int:
        parts = [
            f"--{boundary}\r\nContent-Disposition: form-data; "
            f'name="csrfmiddlewaretoken"\r\n\r\n{token}\r\n'.encode(),
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; '
            'filename="parcels.csv"\r\n\r\n'.encode(),
            rows.getvalue(),
            f"\r\n--{boundary}--\r\n".encode(),
        ]
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return client.ask("/admin/desk/import/", b"".join(parts), **kind).status

    assert upload(staff, staff.token("/admin/desk/import/")) == 302
    assert [len(row.content) for row in Upload.objects.all()] == [rows.tell()]
    with suppress(OSError):  # the answer may be there before all is sent
        assert upload(stranger, stranger.token("/")) == 413


# Forged headers


@pytest.mark.parametrize(
    "name",
    ["X_Forwarded_For", "x_forwarded_for", "X-Forwarded_For", "X_FORWARDED-FOR", "X-Forwarded-For"],
)
def test_nobody_looks_up_more_by_saying_they_are_elsewhere(site: Site, name: str) -> None:
    until(lambda: -time.time() % WINDOW_SECONDS > 30)  # all are counted in one window
    client = site.client()
    answers = [
        looked_up(client, n, **forged(**{name: f"10.{n}.1.1"})) for n in range(TRIES["client"] + 4)
    ]
    assert answers == [303] * TRIES["client"] + [429] * 4
    assert looked_up(site.client("127.0.1.1"), 1) == 303


def test_nobody_guesses_more_passwords_or_keeps_somebody_out_by_it(site: Site) -> None:
    guesser, hers = site.client(), site.client("127.0.1.1")

    def log_in(client: Client, password: str, **headers: str) -> int:
        return client.send(
            "/admin/login/", {"username": "ann", "password": password}, **headers
        ).status

    guesses = [
        log_in(guesser, "wrong", **forged(X_Forwarded_For=f"127.0.1.{n}")) for n in range(1, 7)
    ]
    assert guesses == [200] * 4 + [429] * 2
    assert log_in(guesser, PASSWORD, **forged(X_Forwarded_For="10.1.1.1")) == 429
    assert log_in(hers, PASSWORD) == 302


def test_nobody_names_a_request_or_takes_its_encryption_away(site: Site) -> None:
    answer = site.client().ask(
        "/", **forged(X_Forwarded_Proto="http", X_Request_ID="from-elsewhere-1")
    )
    assert answer.status == 200
    assert re.fullmatch("[0-9a-f-]{36}", answer.headers["X-Request-ID"])


# Its log


def test_the_proxy_says_that_a_host_is_gone_and_no_link_that_asked_for_it(
    needs: Needs, tmp_path: Path
) -> None:
    needs("caddy")
    port, token = (
        free_port(),
        link_token(factories.order(factories.make_product()).order, Purpose.ACT),
    )
    rules = proxy_rules(
        HOST, [f"127.0.0.1:{free_port()}"], f"https_port {free_port()}", f"http_port {port}"
    )
    rules = rules.replace("tls internal", "").replace(f"{HOST} {{", f"http://{HOST}:{port} {{")
    (tmp_path / "Caddyfile").write_text(rules.replace("lb_try_duration 10s", "lb_try_duration 1s"))
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(tmp_path / "Caddyfile")]
    asker = Client(lambda source: http.client.HTTPConnection(HOST, port, PATIENCE, (source, 0)))
    with ExitStack() as ending:
        started("proxy", command, tmp_path, os.environ | {"XDG_DATA_HOME": str(tmp_path)}, ending)
        until(lambda: asker.ask(f"/o/{token}/", Referer=f"https://{HOST}/o/{token}/").status == 502)
    said = (tmp_path / "proxy.log").read_text()
    assert "connection refused" in said
    assert token not in said
