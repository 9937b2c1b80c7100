"""The emails that the demo sent, as .eml files in a directory."""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from functools import lru_cache
from pathlib import Path


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

    @property
    def sent(self) -> datetime | None:
        try:
            return parsedate_to_datetime(self.date)
        except ValueError:
            return None


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

    def newest_first(self, to: str = "") -> Iterator[Mail]:
        """All of them, or those to an address. The mailbox may be emptied meanwhile."""
        for path in sorted(self.directory.glob("*.eml"), reverse=True):
            with suppress(FileNotFoundError):
                mail = read(path)
                if not to or to.lower() in mail.to.lower().split(", "):
                    yield mail

    def empty(self) -> None:
        for path in self.directory.glob("*.eml"):
            path.unlink(missing_ok=True)

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
