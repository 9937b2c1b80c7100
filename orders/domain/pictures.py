"""A picture that staff upload, made safe to show: it is what it says it is, of a bearable size, and
holds nothing but the picture. A phone writes into it where and when it was taken."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

MAX_BYTES = 1_000_000
MAX_SIDE = 6000
PNG, JPEG, WEBP = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF"
PNG_KEPT = (
    b"IHDR",
    b"PLTE",
    b"IDAT",
    b"IEND",
    b"tRNS",
    b"gAMA",
    b"cHRM",
    b"sRGB",
    b"iCCP",
    b"sBIT",
)
WEBP_KEPT = (b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP")
WEBP_HAS_NOTES = 0b0000_1100  # bits of VP8X: Exif, XMP
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # JPEG segments that say how large it is
NEXT_SEGMENT = re.compile(rb"\xff(?![\x00\xff\xd0-\xd7])")  # in what a scan draws
ORIENTATION = 0x0112


class BadPicture(ValueError):
    """What is wrong, and what was expected."""


@dataclass(frozen=True, slots=True)
class Picture:
    """`kind`: png, jpeg or webp, as in image/png."""

    kind: str
    width: int
    height: int
    content: bytes


def picture(content: bytes) -> Picture:
    """BadPicture: it is none, or too large."""
    if len(content) > MAX_BYTES:
        raise BadPicture(f"has {len(content):,} bytes; expected {MAX_BYTES:,} at most")
    readers = {PNG: _png, JPEG: _jpeg, WEBP: _webp}
    read = next((read for magic, read in readers.items() if content.startswith(magic)), None)
    if read is None:
        raise BadPicture("is not a picture that we can show; expected PNG, JPEG or WebP")
    try:
        found = read(content)
    except (struct.error, IndexError, ValueError):
        raise BadPicture("is damaged; expected a whole PNG, JPEG or WebP") from None
    if not (0 < found.width <= MAX_SIDE and 0 < found.height <= MAX_SIDE):
        raise BadPicture(
            f"is {found.width} × {found.height}; expected {MAX_SIDE} pixels a side at most"
        )
    return found


def _png(content: bytes) -> Picture:
    parts, at = [PNG], len(PNG)
    width, height = struct.unpack_from(">II", content, 16)
    name = b""
    while name != b"IEND":
        length, name = struct.unpack_from(">I4s", content, at)
        chunk = content[at : at + length + 12]
        if len(chunk) != length + 12:
            raise ValueError("cut off")
        if name in PNG_KEPT:
            parts.append(chunk)
        at += length + 12
    return Picture("png", width, height, b"".join(parts))


def _jpeg(content: bytes) -> Picture:
    """Keeps its colors (JFIF, ICC, Adobe), and which side is up."""
    size, turned, parts = (0, 0), b"", []
    for marker, segment in _segments(content):
        if marker in FRAMES:
            height, width = struct.unpack_from(">HH", segment, 5)
            size = (width, height)
        if marker == 0xE1 and segment[4:10] == b"Exif\0\0":
            turned = turned or _turned(segment[10:])
        elif marker == 0xFE or (0xE0 <= marker <= 0xEF and not _is_color(marker, segment)):
            continue
        else:
            parts.append(segment)
    return Picture("jpeg", *size, b"".join([content[:2], turned, *parts, b"\xff\xd9"]))


def _is_color(marker: int, segment: bytes) -> bool:
    """Of the segments that programs use as they like. Phones keep a second picture in E2."""
    return marker in (0xE0, 0xEE) or (marker == 0xE2 and segment[4:16] == b"ICC_PROFILE\0")


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Each with its marker, up to the end of the picture; what comes after it is another one, with
    notes of its own. A scan goes with what it draws."""
    at = 2
    while content[at : at + 2] != b"\xff\xd9":
        start, marker, length = struct.unpack_from(">BBH", content, at)
        if (start, marker) == (0xFF, 0xFF):  # a filler
            at += 1
            continue
        if start != 0xFF or length < 2:
            raise ValueError("no segment")
        end = at + 2 + length
        if marker == 0xDA:
            drawn = NEXT_SEGMENT.search(content, end)
            if drawn is None:
                raise ValueError("cut off")
            end = drawn.start()
        yield marker, content[at:end]
        at = end


def _turned(exif: bytes) -> bytes:
    """A segment that says nothing but which side is up; empty where that is not said."""
    order = {b"II": "<", b"MM": ">"}[exif[:2]]
    (first,) = struct.unpack_from(f"{order}I", exif, 4)
    (entries,) = struct.unpack_from(f"{order}H", exif, first)
    for entry in range(entries):
        tag, _type, _count, value = struct.unpack_from(f"{order}HHIH", exif, first + 2 + 12 * entry)
        if tag == ORIENTATION and 2 <= value <= 8:
            said = struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, tag, 3, 1, value, 0, 0)
            return struct.pack(">BBH6s", 0xFF, 0xE1, len(said) + 8, b"Exif\0\0") + said
    return b""


def _webp(content: bytes) -> Picture:
    if content[8:12] != b"WEBP":
        raise ValueError("no WebP")
    size, parts, at = (0, 0), [], 12
    while at < len(content):
        name, length = struct.unpack_from("<4sI", content, at)
        chunk = content[at : at + 8 + length + length % 2]
        if len(chunk) < 8 + length:
            raise ValueError("cut off")
        if name == b"VP8X":
            across, down = (int.from_bytes(chunk[n : n + 3], "little") + 1 for n in (12, 15))
            size = (across, down)
            chunk = chunk[:8] + bytes([chunk[8] & ~WEBP_HAS_NOTES]) + chunk[9:]
        elif name == b"VP8 " and size == (0, 0):
            across, down = struct.unpack_from("<HH", chunk, 14)
            size = (across & 0x3FFF, down & 0x3FFF)
        elif name == b"VP8L" and size == (0, 0):
            (bits,) = struct.unpack_from("<I", chunk, 9)
            size = ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        if name in WEBP_KEPT:
            parts.append(chunk)
        at += 8 + length + length % 2
    body = b"WEBP" + b"".join(parts)
    width, height = size
    return Picture("webp", width, height, WEBP + struct.pack("<I", len(body)) + body)
