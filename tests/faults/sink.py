"""A mail server in bad health, in a process of its own: what it accepts is on disk before it says
so.

It refuses 10% with 451, greylists 3% and hangs up on 3% after it has accepted them. With --moody
instead of a seed it is well, until the file `mood` in its directory says otherwise.
"""

import argparse
import asyncio
import random
import signal
import threading
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from backorders_site.demo.inbox import Sink
from backorders_site.demo.mailbox import Mailbox

REFUSED, GREYLISTED, DROPPED = 0.10, 0.03, 0.03
SLOW_SECONDS = 2.0


class UnwellSink(Sink):
    def __init__(self, mailbox: Mailbox, seed: str) -> None:
        super().__init__(mailbox)
        self.chance = random.Random(seed)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.chance.random() < GREYLISTED:
            return "450 4.7.1 Greylisted, come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.chance.random() < REFUSED:
            return "451 4.3.0 Try again later"
        answer = await super().handle_DATA(server, session, envelope)
        if self.chance.random() < DROPPED:
            server.transport.abort()
        return answer


class MoodySink(Sink):
    """stall: it takes the envelope and never answers; stall-after: it takes the mail and never says
    so; full: its disk is; slow: it takes a while for each mail."""

    def mood(self) -> str:
        path = self.mailbox.directory / "mood"
        return path.read_text() if path.exists() else ""

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._while("stall")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        try:
            with Path("/dev/full" if self.mood() == "full" else "/dev/null").open(
                "wb", buffering=0
            ) as disk:
                disk.write(envelope.original_content or b"")
        except OSError:
            return "452 4.3.1 Insufficient system storage"
        if self.mood() == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        answer = await super().handle_DATA(server, session, envelope)
        await self._while("stall-after")
        return answer

    async def _while(self, mood: str) -> None:
        if self.mood() == mood:
            (self.mailbox.directory / "stalled").touch()
        while self.mood() == mood:
            await asyncio.sleep(0.05)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--seed")
    how.add_argument("--moody", action="store_true")
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    lives = len(list(options.directory.glob("*.life")))
    (options.directory / f"{lives}.life").touch()  # so that each life is unwell in its own way
    mailbox = Mailbox(options.directory)
    sink = MoodySink(mailbox) if options.moody else UnwellSink(mailbox, f"{options.seed}-{lives}")
    controller = Controller(sink, hostname=options.host, port=options.port)
    controller.start()
    ended = threading.Event()
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop_signal, lambda *_: ended.set())
    ended.wait()
    controller.stop()


if __name__ == "__main__":
    main()
