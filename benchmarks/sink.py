"""A mail server that takes everything and keeps nothing, in a process of its own."""

import multiprocessing
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def mail_sink() -> Iterator[int]:
    """Its port."""
    processes = multiprocessing.get_context("spawn")
    ports = processes.SimpleQueue()
    sink = processes.Process(target=_listen, args=(ports,), daemon=True)
    sink.start()
    try:
        yield ports.get()
    finally:
        sink.terminate()
        sink.join()


def _listen(ports: Any) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    ports.put(listening.getsockname()[1])
    while True:
        connection, _ = listening.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_converse, args=(connection,), daemon=True).start()


def _converse(connection: socket.socket) -> None:
    connection.sendall(b"220 sink\r\n")
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
        if not received.endswith(b"\n"):
            continue
        verb = received[:4].upper()
        received = b""
        if verb == b"QUIT":
            connection.sendall(b"221 bye\r\n")
            return
        if verb != b"DATA":
            connection.sendall(b"250 sink\r\n")
            continue
        connection.sendall(b"354 go on\r\n")
        end = b""
        while end != b"\r\n.\r\n" and (chunk := connection.recv(65536)):
            end = (end + chunk)[-5:]
        connection.sendall(b"250 taken\r\n")
