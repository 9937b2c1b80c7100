"""Nobody learns from the look-up, or from asking for a link, whether an order or an address is
known here: the answers are the same to the byte, and take the same time."""

import gc
import random
import re
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

import pytest
from django.core.cache import cache
from django.test import Client

from orders import services
from orders.models import Event, Order
from tests.factories import NOON, make_product

pytestmark = pytest.mark.django_db

ASKED = 400  # times each
# How far from 1/2 the chance may be that the slower of two answers is that of the order which
# exists. Of answers that take the same time it is 1/2, give or take 0.02 for 400 each; two
# milliseconds between them move it by 0.2 and more.
TOLD_APART = 0.1


@pytest.fixture
def numbers() -> list[str]:
    product = make_product()
    numbers = [f"A{n}" for n in range(1000, 1000 + ASKED)]
    services.place_orders(
        [
            services.NewOrder(
                number=number,
                placed_at=NOON,
                email=f"{number}@example.com",
                lines=[services.NewLine(product, 1)],
            )
            for number in numbers
        ],
        now=NOON,
    )
    services.mark_told(list(Event.objects.values_list("pk", flat=True)), at=NOON)
    return numbers


def seconds_of(
    ask: Callable[[str], object], known: Sequence[str], unknown: Sequence[str]
) -> tuple[list[float], list[float]]:
    """Of each question, asked by turns in a random order, so that whatever else the machine does
    meets both alike; of this process alone, for the machine is shared. What the database is asked
    is as many queries either way (test_access)."""
    took: tuple[list[float], list[float]] = ([], [])
    questions = [(0, each) for each in known] + [(1, each) for each in unknown]
    random.Random(1).shuffle(questions)
    for _which, question in questions[:20]:
        ask(question)  # what is compiled and cached at first
    gc.disable()
    try:
        for which, question in questions:
            cache.clear()  # nobody is throttled
            started = time.process_time()
            ask(question)
            took[which].append(time.process_time() - started)
    finally:
        gc.enable()
    return took


def told_apart(first: Sequence[float], second: Sequence[float]) -> float:
    """How far from 1/2 the chance is that one of the second took longer than one of the first (Mann
    and Whitney's U)."""
    ordered = sorted(second)
    wins = sum(
        len(ordered) - (bisect_left(ordered, one) + bisect_right(ordered, one)) / 2 for one in first
    )
    return abs(wins / (len(first) * len(second)) - 0.5)


def unknown_of(numbers: Sequence[str]) -> list[str]:
    return [number.replace("A", "B") for number in numbers]


def look_up(client: Client) -> Callable[[str], object]:
    return lambda number: client.post("/", {"number": number, "email": "eve@example.com"})


def test_the_time_of_a_miss_does_not_tell_whether_the_order_exists(
    client: Client, numbers: list[str]
) -> None:
    found, missed = seconds_of(look_up(client), numbers, unknown_of(numbers))
    assert told_apart(found, missed) < TOLD_APART


def test_the_time_of_asking_for_a_link_does_not_tell_whether_the_address_is_known(
    client: Client, numbers: list[str]
) -> None:
    def ask(number: str) -> object:
        return client.post("/mine/", {"email": f"{number}@example.com"})

    known, unknown = seconds_of(ask, numbers, unknown_of(numbers))
    assert told_apart(known, unknown) < TOLD_APART


def test_two_milliseconds_would_be_seen(client: Client, numbers: list[str]) -> None:
    ask = look_up(client)

    def careless(number: str) -> object:
        answer = ask(number)
        until = time.process_time() + 0.002 * number.startswith("A")
        while time.process_time() < until:
            pass
        return answer

    few = numbers[:80]
    found, missed = seconds_of(careless, few, unknown_of(few))
    assert told_apart(found, missed) > TOLD_APART


def bytes_of(client: Client, path: str, typed: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    """An answer without what was typed, which stands in the form again, the form's own protection
    and the request's id."""
    cache.clear()
    answer = client.post(path, typed)
    content = answer.content
    for words in typed.values():
        content = content.replace(words.encode(), b"")
    content = re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", content)
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name not in ("Content-Length", "X-Request-ID")
    }
    return answer.status_code, headers, content


def test_a_miss_is_the_same_to_the_byte_whatever_was_wrong(
    client: Client, numbers: list[str]
) -> None:
    mail, stranger = f"{numbers[0]}@example.com", "eve@example.com"
    asked = [(numbers[0], stranger), ("B1000", stranger), ("B1000", mail), (numbers[1], mail)]
    answers = [bytes_of(client, "/", {"number": number, "email": email}) for number, email in asked]
    assert [answer == answers[0] for answer in answers] == [True] * len(asked)
    assert answers[0][0] == 200


def test_asking_for_a_link_is_answered_the_same_to_the_byte(
    client: Client, numbers: list[str]
) -> None:
    asked = [f"{numbers[0]}@example.com", "eve@example.com"]
    known, unknown = (bytes_of(client, "/mine/", {"email": email}) for email in asked)
    assert known == unknown
    assert Order.objects.filter(events__kind="link").count() == 1


@pytest.mark.parametrize("known", [True, False])
def test_whoever_asks_for_a_link_too_often_is_stopped_whether_or_not_it_is_known(
    client: Client, numbers: list[str], known: bool
) -> None:
    email = f"{numbers[0]}@example.com" if known else "eve@example.com"
    answers = [client.post("/mine/", {"email": email}).status_code for _ in range(8)]
    assert answers == [200] * 6 + [429] * 2
