"""A mail server in bad health, in a process of its own: what it accepts is on disk before it says so.

It refuses 10% with 451, greylists 3% and hangs up on 3% after it has accepted them.
"""

import argparse
import random
import signal
import threading
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from backorders_site.inbox import Mailbox, Sink

REFUSED, GREYLISTED, DROPPED = 0.10, 0.03, 0.03


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seed", required=True)
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    lives = len(list(options.directory.glob("*.life")))
    (options.directory / f"{lives}.life").touch()  # so that each life is unwell in its own way
    controller = Controller(
        UnwellSink(Mailbox(options.directory), f"{options.seed}-{lives}"), hostname="127.0.0.1", port=options.port
    )
    controller.start()
    ended = threading.Event()
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop_signal, lambda *_: ended.set())
    ended.wait()
    controller.stop()


if __name__ == "__main__":
    main()
