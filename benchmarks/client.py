"""A client that asks for one address over connections it keeps: few instructions a request, so that the server is what is
measured."""

import selectors
import socket
import time
from dataclasses import dataclass, field

from benchmarks.timing import Times


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
    socket: socket.socket
    asked_at: float = 0.0
    received: bytes = b""


def ask(port: int, path: str, *, connections: int, seconds: float, rate: float | None = None) -> Answers:
    """As fast as the connections allow, or `rate` a second: then an answer's time counts from when it was due to be asked
    for."""
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Language: en\r\n\r\n".encode()
    selector = selectors.DefaultSelector()
    idle = []
    for _ in range(connections):
        made = socket.create_connection(("127.0.0.1", port))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        idle.append(_Connection(made))
        selector.register(made, selectors.EVENT_READ, idle[-1])
    answers, started = Answers(), time.perf_counter()
    due, ends = started, started + seconds
    while True:
        now = time.perf_counter()
        while idle and now < ends and (rate is None or due <= now):
            connection = idle.pop()
            connection.asked_at, connection.received = (due if rate else now), b""
            connection.socket.sendall(request)
            due += 1 / rate if rate else 0
        if now >= ends and len(idle) == connections:
            break
        patience = max(min(due, ends) - now, 0) if rate and idle and now < ends else 5
        for key, _ in selector.select(patience):
            connection = key.data
            connection.received += connection.socket.recv(65536)
            if status := _whole(connection.received):
                answers.statuses.add(status)
                answers.ms.append((time.perf_counter() - connection.asked_at) * 1000)
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
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    return status if status == 204 or len(body) >= length else 0
