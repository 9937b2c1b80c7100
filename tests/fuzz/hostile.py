"""What nobody should send and somebody does: seeded, so that the same run comes again
(FUZZ_SEED)."""

import os
import random
from collections.abc import Iterator
from html.parser import HTMLParser

SEED = int(os.environ.get("FUZZ_SEED", "1"))
TIMES = float(os.environ.get("FUZZ_TIMES", "1"))  # as many inputs as in CI

NUMBERS = (
    *(
        "0",
        "-1",
        "+1",
        " 1 ",
        "1.0",
        "1e9",
        "1_000",
        "0x10",
        "NaN",
        "inf",
        "-0",
        "²",
        "٣",
        "９９",
        "½",
        "1,5",
    ),
    *(str(2**31), str(2**63), str(-(2**63)), str(2**64), "9" * 40, "9" * 5000),
)
DAYS = (
    *(
        "0000-00-00",
        "0001-01-01",
        "1900-01-01",
        "2026-02-30",
        "2026-13-01",
        "9999-12-31",
        "10000-01-01",
        "2026-W45-1",
    ),
    *(
        "2026-11-02T25:00",
        "2026-11-02T12:00+99:99",
        "2026-11-01T01:30",
        "2026-03-08T02:30",
        "12/01/2026",
        "20261201",
    ),
)
TEXTS = (
    *(
        "",
        " ",
        "\t",
        "\n",
        "\0",
        "a\0b",
        "\x1b[31m",
        "\x7f",
        "a\r\nX-Evil: 1",
        "\ufeff",
        "\u2028",
        "\u202eevil",
        "\uffff",
    ),
    *(
        "é" * 300,
        "e\u0301" * 50,
        "😀",
        "A" * 10_000,
        "%00",
        "%",
        "%s%n%(x)s",
        "{0}{x}",
        "{{ 7*7 }}",
        "{% now %}",
        "${7*7}",
    ),
    *(
        "<script>x()</script>",
        "\"'><img src=x onerror=x()>",
        "' OR 1=1 --",
        "\\",
        "../../../etc/passwd",
        "..%2f",
        "C:\\",
    ),
    *(
        "//evil.example",
        "https://evil.example/",
        "javascript:x()",
        "=cmd|' /C calc'!A0",
        "+1+1",
        "@SUM(1)",
        "-2+3",
    ),
    *(
        "null",
        "true",
        "[]",
        "{}",
        "[[[[",
        '{"a":',
        "a@b.c",
        "a@" + "b" * 300 + ".example",
        "a@b@c",
        "ada@exämple.com",
    ),
    *(
        "en-US-x-" + "y" * 200,
        "xx",
        "de_DE@euro",
        "root",
        ";",
        "a;b",
        "'",
        '"',
        '"a',
        "on",
        "now()",
        "🏴‍☠️",
        "\ud800",
    ),
)
HOSTILE = (*NUMBERS, *DAYS, *TEXTS)
BYTES = (
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xf0\x9f",
    b"\xef\xbb\xbf",
    b"\r",
    b'"',
    b",",
    b";",
    b"\n",
    b"\x80",
)


class Hostile(random.Random):
    """`name`: of what is fuzzed, so that one of them changing does not change the others."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{SEED} {name}")

    def text(self, good: str = "") -> str:
        """One of the known bad ones, or a good one gone wrong."""
        if not good or self.random() < 0.6:
            return self.choice(HOSTILE)
        place = self.randrange(len(good) + 1)
        match self.randrange(4):
            case 0:
                return good[:place]
            case 1:
                return good[:place] + self.choice(HOSTILE) + good[place:]
            case 2:
                return good * self.choice((2, 50))
            case _:
                return (
                    good[:place]
                    + chr(self.choice((0, 9, 13, 127, 0x661, 0xFFFE, 0x1F600)))
                    + good[place + 1 :]
                )

    def line(self) -> str:
        """Such as a server lets through in a header, and hands on: no NUL, no end of line, bytes as
        latin-1."""
        let_through = "".join(each for each in self.text() if each >= " ")[:4000]
        return let_through.encode("utf-8", "surrogatepass").decode("latin-1")

    def bytes_of(self, good: bytes) -> bytes:
        """`good` with a few of its bytes changed, taken out, doubled or put in."""
        spoilt = bytearray(good)
        for _ in range(self.choice((1, 1, 2, 5))):
            place = self.randrange(len(spoilt) + 1)
            match self.randrange(4):
                case 0:
                    spoilt[place : place + 1] = self.choice(BYTES)
                case 1:
                    del spoilt[place : place + self.randrange(1, 20)]
                case 2:
                    spoilt[place:place] = self.choice(HOSTILE).encode("utf-8", "surrogatepass")
                case _:
                    spoilt[place:place] = spoilt[max(place - 50, 0) : place]
        return bytes(spoilt)

    def spoil(self, fields: dict[str, list[str]]) -> dict[str, list[str]]:
        """A filled form with some fields gone wrong, missing, sent twice, or unknown."""
        sent = {name: list(values) for name, values in fields.items()}
        for name in self.sample(sorted(sent), k=min(len(sent), self.choice((1, 1, 2, 3)))):
            match self.randrange(10):
                case 0:
                    del sent[name]
                case 1:
                    sent[name] = [*sent[name], self.text()]
                case _:
                    sent[name] = [self.text(next(iter(sent[name]), ""))]
        if self.random() < 0.1:
            sent[self.text()[:50]] = [self.text()]
        return sent


def many(number: int) -> range:
    return range(int(number * TIMES))


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, dict[str, list[str]]]] = []
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((of.get("method", "get").lower(), of.get("action", ""), {}))
        elif not self.found:
            return
        fields, name = self.found[-1][2], of.get("name", "")
        if tag == "select":
            self._select = name
            fields.setdefault(name, [])
        elif tag == "option" and self._select and ("selected" in of or not fields[self._select]):
            fields[self._select] = [of.get("value", "")]
        elif tag == "textarea":
            self._area = name
            fields[name] = [""]
        elif (
            tag in ("input", "button")
            and name
            and not (of.get("type") in ("checkbox", "radio") and "checked" not in of)
        ):
            fields.setdefault(name, []).append(of.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("select", "textarea"):
            self._select = self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.found[-1][2][self._area][0] += data


def forms_on(page: str) -> Iterator[tuple[str, str, dict[str, list[str]]]]:
    """Every form of a page: its method, where it goes, and what a browser would send of it."""
    parser = _Forms()
    parser.feed(page)
    yield from parser.found
