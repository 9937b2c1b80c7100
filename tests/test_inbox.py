import json
import smtplib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from aiosmtpd.controller import Controller

from backorders_site.demo.embedded import free_port
from backorders_site.demo.inbox import InboxServer, Sink
from backorders_site.demo.mailbox import Mailbox


@dataclass(frozen=True)
class Inbox:
    smtp_port: int
    url: str
    directory: Path

    def send(self, subject: str, html: str, to: str = "ada@buyer.example") -> None:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "orders@shop.example", to, subject
        message.set_content("In plain words.")
        message.add_alternative(html, subtype="html")
        with smtplib.SMTP("127.0.0.1", self.smtp_port) as server:
            server.send_message(message)

    def get(self, path: str, host: str = "localhost") -> tuple[str, str]:
        """Body and content security policy."""
        with urlopen(Request(f"{self.url}{path}", headers={"Host": host})) as response:  # noqa: S310 - our own server
            return response.read().decode(), response.headers["Content-Security-Policy"]


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    mailbox = Mailbox(tmp_path)
    smtp = Controller(Sink(mailbox), hostname="127.0.0.1", port=free_port())
    smtp.start()
    http = InboxServer(0, mailbox)
    threading.Thread(target=http.serve_forever, args=[0.02]).start()
    yield Inbox(smtp.port, f"http://127.0.0.1:{http.server_port}", tmp_path)
    http.shutdown()
    http.server_close()
    smtp.stop()


def test_a_mail_accepted_is_on_disk_and_readable_by_scripts(inbox: Inbox) -> None:
    inbox.send("Your lamp is later", "<p>In fine words.</p>")

    (path,) = inbox.directory.iterdir()
    (mail,) = json.loads(inbox.get("/api/messages")[0])
    assert path.name == f"{mail['id']}.eml"
    assert (mail["to"], mail["subject"]) == ("ada@buyer.example", "Your lamp is later")
    assert (mail["text"].strip(), mail["html"].strip()) == (
        "In plain words.",
        "<p>In fine words.</p>",
    )
    assert mail["headers"]["From"] == "orders@shop.example"


def test_the_newest_mail_comes_first(inbox: Inbox) -> None:
    for subject in ("first", "second", "third"):
        inbox.send(subject, "<p></p>")

    assert [mail["subject"] for mail in json.loads(inbox.get("/api/messages")[0])] == [
        "third",
        "second",
        "first",
    ]


def test_the_list_can_show_one_person_alone(inbox: Inbox) -> None:
    inbox.send("for Ada", "<p></p>")
    inbox.send("for Björn", "<p></p>", to="bjorn@buyer.example")

    page = inbox.get("/?to=ADA@buyer.example")[0]
    assert "for Ada" in page
    assert "for Björn" not in page
    (mail,) = json.loads(inbox.get("/api/messages?to=bjorn@buyer.example")[0])
    assert mail["subject"] == "for Björn"


def test_a_hostile_mail_runs_nothing(inbox: Inbox) -> None:
    inbox.send("<script>alert(1)</script>", "<script>alert(2)</script>")
    (mail,) = json.loads(inbox.get("/api/messages")[0])

    page, page_policy = inbox.get(f"/mail/{mail['id']}")
    _, mail_policy = inbox.get(f"/mail/{mail['id']}/html")
    assert "<script" not in inbox.get("/")[0] + page
    assert "script-src" not in page_policy + mail_policy
    assert "default-src 'none'" in page_policy
    assert mail_policy.startswith(
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'"
    )


@pytest.mark.parametrize(
    "path", ["/mail/..%2f..%2fsettings", "/mail/../lock", "/mail/none/raw", "/other"]
)
def test_only_kept_mails_are_shown(inbox: Inbox, path: str) -> None:
    with pytest.raises(HTTPError, match="404"):
        inbox.get(path)


def test_a_page_elsewhere_cannot_read_the_mails(inbox: Inbox) -> None:
    with pytest.raises(HTTPError, match="403"):
        inbox.get("/api/messages", host="evil.example")
