"""A client that asks for one address over connections it keeps: few instructions a request, so that
the server is what is measured."""

import itertools
import re
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.timing import Times

REQUEST = "GET {} HTTP/1.1\r\nHost: localhost\r\nAccept-Language: en\r\n\r\n"


@dataclass
class Answers:
    rate: float = 0.0
    ms: list[float] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)

    @property
    def times(self) -> Times:
        return Times(sorted(self.ms))


@dataclass
class _Connection:
    """The server closes one that is idle for long, as it may: then it is made anew."""

    port: int
    selector: selectors.BaseSelector
    path: int = 0
    asked_at: float = 0.0
    asks: bytes = b""
    received: bytes = b""

    def __post_init__(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.selector.register(self.socket, selectors.EVENT_READ, self)

    def ask(self, path: str) -> None:
        self.asks, self.received = REQUEST.format(path).encode(), b""
        try:
            self.socket.sendall(self.asks)
        except OSError:
            self._make_anew()

    def receive(self) -> int:
        """The status once all of the answer is there, else 0."""
        try:
            more = self.socket.recv(65536)
        except OSError:
            more = b""
        if not more:
            self._make_anew()
            return 0
        self.received += more
        if status := _whole(self.received):
            self.asks = b""
        return status

    def _make_anew(self) -> None:
        self.selector.unregister(self.socket)
        self.socket.close()
        self.__post_init__()
        self.received = b""
        if self.asks:
            self.socket.sendall(self.asks)


def ask(
    port: int, path: str, *, connections: int, seconds: float, rate: float | None = None
) -> Answers:
    """As fast as the connections allow, or `rate` a second: then an answer's time counts from when
    it was due to be asked for."""
    ends = time.perf_counter() + seconds
    return ask_in_turn(
        port, [path], connections=connections, over=lambda: time.perf_counter() >= ends, rate=rate
    )


def ask_in_turn(
    port: int,
    paths: list[str],
    *,
    connections: int,
    over: Callable[[], bool],
    rate: float | None = None,
    follow: re.Pattern[str] | None = None,
) -> Answers:
    """The paths one after another, again and again. `follow`: what of an answer takes the place of
    the same in its path, so that the next time the news is asked for, as a page does."""
    selector = selectors.DefaultSelector()
    idle = deque(_Connection(port, selector) for _ in range(connections))
    answers, started, turns = Answers(), time.perf_counter(), itertools.cycle(range(len(paths)))
    due = started
    while True:
        now, ended = time.perf_counter(), over()
        while idle and not ended and (rate is None or due <= now):
            connection = idle.popleft()
            connection.path, connection.asked_at = next(turns), (due if rate else now)
            connection.ask(paths[connection.path])
            due += 1 / rate if rate else 0
        if ended and len(idle) == connections:
            break
        patience = max(due - now, 0) if rate and idle and not ended else 0.2
        for key, _ in selector.select(patience):
            connection = key.data
            if status := connection.receive():
                answers.statuses.add(status)
                answers.ms.append((time.perf_counter() - connection.asked_at) * 1000)
                if follow and (news := follow.search(connection.received.decode())):
                    paths[connection.path] = follow.sub(news[0], paths[connection.path])
                idle.append(connection)
    answers.rate = len(answers.ms) / (time.perf_counter() - started)
    for key in list(selector.get_map().values()):
        key.data.socket.close()
    return answers


def _whole(received: bytes) -> int:
    """The status once all of an answer is there, else 0."""
    head, parted, body = received.partition(b"\r\n\r\n")
    if not parted:
        return 0
    status = int(head[9:12])
    length = next(
        (
            int(line[15:])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        ),
        0,
    )
    return status if status == 204 or len(body) >= length else 0
