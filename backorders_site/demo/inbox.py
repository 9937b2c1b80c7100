"""The development inbox: a mail server on loopback that keeps what it accepts as .eml files, and a
page to read them.

Never in production: it takes mail from and shows it to anyone on this machine.

    python -m backorders_site.demo.inbox --directory .local/mail --smtp-port 8002 --http-port 8001
"""

import argparse
import json
import logging
import signal
import threading
from dataclasses import asdict
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from backorders_site.demo.mailbox import Mail, Mailbox, read

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
        address = urlsplit(self.path)
        to = parse_qs(address.query).get("to", [""])[0]
        match address.path.strip("/").split("/"):
            case [""]:
                self._page("Inbox", list_of(mailbox, to), refresh=True)
            case ["api", "messages"]:
                mails = [asdict(mail) for mail in mailbox.newest_first(to)]
                self._answer(200, "application/json", json.dumps(mails), PAGE_POLICY)
            case ["mail", mail_id, *form] if path := mailbox.find(mail_id):
                self._mail(path, "".join(form))
            case _:
                self._answer(404, "text/plain", "There is no such email.", PAGE_POLICY)

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


def list_of(mailbox: Mailbox, to: str) -> str:
    mails = list(mailbox.newest_first(to))
    rows = "".join(
        f'<li><a href="/mail/{mail.id}"><strong>{escape(mail.subject)}</strong>'
        f"<small>{escape(mail.to)} · {escape(mail.date)}</small></a></li>"
        for mail in mails[:SHOWN]
    )
    number = f"{len(mails)} email{'' if len(mails) == 1 else 's'}"
    if len(mails) > SHOWN:
        number += f" (the newest {SHOWN} are shown)"
    who = f'{number} to {escape(to)}. <a href="/">Show all</a>' if to else f"{number}"
    return f'<h1>Inbox</h1><p class="soft">{who}. The list updates itself.</p><ul>{rows}</ul>'


def one(mail: Mail) -> str:
    facts = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in mail.headers.items()
    )
    shown = f'<iframe title="The email" sandbox="{MAIL_SANDBOX}" src="/mail/{mail.id}/html">'
    return (
        f'<p><a href="/">← Inbox</a></p><h1>{escape(mail.subject)}</h1>'
        f'<p class="soft"><a href="/?to={quote(mail.to)}">{escape(mail.to)}</a>'
        f" · {escape(mail.date)}</p>"
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
