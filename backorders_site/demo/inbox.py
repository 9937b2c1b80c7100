"""The development inbox: a mail server on loopback that keeps what it accepts as .eml files, and a
page to read them.

Never in production: it takes mail from and shows it to anyone on this machine.

    python -m backorders_site.demo.inbox --directory .local/mail --smtp-port 8002 --http-port 8001
"""

import argparse
import json
import logging
import os
import secrets
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import lru_cache
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

SHOWN = 200
LOCAL_NAMES = {"localhost", "127.0.0.1"}
# Links of an email open in a new tab; nothing in it runs, and nothing is fetched.
MAIL_SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
MAIL_POLICY = (
    f"sandbox {MAIL_SANDBOX}; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
)
PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; "
    "form-action 'none'"
)

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #888; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1rem;
       overflow-wrap: anywhere; }
h1 { font-size: 1.3rem; line-height: 1.3; }
a { color: LinkText; }
ul { list-style: none; padding: 0; margin: 0; }
li a { display: block; padding: .7rem 0; border-top: 1px solid var(--line); text-decoration: none;
       color: CanvasText; }
li strong { display: block; }
small, dt, .soft { color: color-mix(in srgb, CanvasText 70%, Canvas); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; font-size: .9rem; }
dd { margin: 0; }
iframe { width: 100%; height: 70vh; border: 1px solid var(--line); border-radius: .4rem; }
pre { white-space: pre-wrap; padding: .8rem; border: 1px solid var(--line); border-radius: .4rem; }
summary { padding: .6rem 0; cursor: pointer; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; } dt { margin-top: .4rem; } }
"""


@dataclass(frozen=True)
class Mail:
    """`to` is the envelope's: the address the server was told to deliver to."""

    id: str
    to: str
    subject: str
    date: str
    text: str
    html: str
    headers: dict[str, str]


class Mailbox:
    """The directory of emails. A file's name starts with the time it came, so names sort by age."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def keep(self, recipients: list[str], content: bytes) -> None:
        """Returns once the email is on disk: only then may the sender forget it."""
        name = f"{time.time_ns()}-{secrets.token_hex(3)}"
        unfinished = self.directory / f"{name}.part"
        with unfinished.open("wb") as file:
            file.write(f"Delivered-To: {', '.join(recipients)}\r\n".encode() + content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self.directory / f"{name}.eml")
        folder = os.open(self.directory, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def newest_first(self) -> Iterator[Mail]:
        for path in sorted(self.directory.glob("*.eml"), reverse=True):
            yield read(path)

    def find(self, mail_id: str) -> Path | None:
        """Compared with what is there, so that no address reaches outside the directory."""
        return next((path for path in self.directory.glob("*.eml") if path.stem == mail_id), None)


@lru_cache(maxsize=2000)
def read(path: Path) -> Mail:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    headers: dict[str, str] = {}
    for name, value in message.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else str(value)
    return Mail(
        id=path.stem,
        to=headers.get("Delivered-To", ""),
        subject=headers.get("Subject", ""),
        date=headers.get("Date", ""),
        text=_body(message, "plain"),
        html=_body(message, "html"),
        headers=headers,
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return "" if part is None else str(part.get_content())


class Sink:
    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.mailbox.keep(envelope.rcpt_tos, envelope.original_content or b"")
        return "250 Kept"


class Page(BaseHTTPRequestHandler):
    server: "InboxServer"

    def do_GET(self) -> None:
        if self.headers.get("Host", "").rsplit(":", 1)[0] not in LOCAL_NAMES:
            # a page elsewhere, rebound to us
            return self._answer(403, "text/plain", "Ask for localhost.", PAGE_POLICY)
        mailbox = self.server.mailbox
        match self.path.split("?")[0].strip("/").split("/"):
            case [""]:
                self._page("Inbox", list_of(mailbox), refresh=True)
            case ["api", "messages"]:
                mails = [asdict(mail) for mail in mailbox.newest_first()]
                self._answer(200, "application/json", json.dumps(mails), PAGE_POLICY)
            case ["mail", mail_id, *form] if path := mailbox.find(mail_id):
                self._mail(path, "".join(form))
            case _:
                self._answer(404, "text/plain", "No such mail.", PAGE_POLICY)

    def _mail(self, path: Path, form: str) -> None:
        mail = read(path)
        if form == "html":
            self._answer(200, "text/html", f'<base target="_blank">{mail.html}', MAIL_POLICY)
        elif form == "raw":
            self._answer(200, "text/plain", path.read_bytes().decode(errors="replace"), PAGE_POLICY)
        else:
            self._page(mail.subject, one(mail))

    def _page(self, title: str, body: str, *, refresh: bool = False) -> None:
        again = '<meta http-equiv="refresh" content="5">' if refresh else ""
        head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">{again}'
        head += f"<title>{escape(title)}</title><style>{STYLE}</style>"
        page = f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'
        self._answer(200, "text/html", page, PAGE_POLICY)

    def _answer(self, status: int, kind: str, text: str, policy: str) -> None:
        body = text.encode(errors="replace")
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: the list asks again every few seconds."""


class InboxServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, mailbox: Mailbox) -> None:
        super().__init__(("127.0.0.1", port), Page)
        self.mailbox = mailbox


def list_of(mailbox: Mailbox) -> str:
    mails = list(mailbox.newest_first())
    rows = "".join(
        f'<li><a href="/mail/{mail.id}"><strong>{escape(mail.subject)}</strong>'
        f"<small>{escape(mail.to)} · {escape(mail.date)}</small></a></li>"
        for mail in mails[:SHOWN]
    )
    shown = (
        f"{len(mails)} mails"
        if len(mails) <= SHOWN
        else f"{len(mails)} mails, the newest {SHOWN} are shown"
    )
    return f'<h1>Inbox</h1><p class="soft">{shown}. The list renews itself.</p><ul>{rows}</ul>'


def one(mail: Mail) -> str:
    facts = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in mail.headers.items()
    )
    shown = f'<iframe title="The mail" sandbox="{MAIL_SANDBOX}" src="/mail/{mail.id}/html">'
    return (
        f'<p><a href="/">← Inbox</a></p><h1>{escape(mail.subject)}</h1>'
        f'<p class="soft">{escape(mail.to)} · {escape(mail.date)}</p>'
        + (f"{shown}</iframe>" if mail.html else "")
        + f"<details{'' if mail.html else ' open'}><summary>Text</summary>"
        f"<pre>{escape(mail.text)}</pre></details>"
        f"<details><summary>Headers</summary><dl>{facts}</dl></details>"
        f'<p><a href="/mail/{mail.id}/raw">Raw</a></p>'
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    mailbox = Mailbox(options.directory)
    smtp = Controller(Sink(mailbox), hostname="127.0.0.1", port=options.smtp_port)
    smtp.start()
    http = InboxServer(options.http_port, mailbox)
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        # it waits for the loop
        signal.signal(stop_signal, lambda *_: threading.Thread(target=http.shutdown).start())
    http.serve_forever()
    smtp.stop()


if __name__ == "__main__":
    main()
