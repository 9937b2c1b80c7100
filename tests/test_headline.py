"""The headline of a status page: the answer, in the color of the news, the urgent line first."""

import re

import pytest
from django.test import Client

from tests.factories import NOON
from tests.gallery import states

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

DAY = r"(\w+, )?\w+ \d+"
HEADLINES = {
    "dated": ("good", f"On time Ships by {DAY}"),
    "delayed_once": ("late", f"Delayed Now ships by {DAY}"),
    "delayed_twice_with_deadline": ("late", f"Delayed We need your answer by {DAY}"),
    "kept": ("good", f"On time Ships by {DAY}"),
    "taken_back": ("late", "Delayed No new ship date yet"),
    "missed": ("late", f"Delayed It should have shipped by {DAY}"),
    "none": ("good", "In line No ship date yet"),
    "held": ("calm", "On hold We're checking your order"),
    "arrived": ("good", f"It's here Ships by {DAY}"),
    "partly_arrived": ("good", f"Partly here The last one ships by {DAY}"),
    "partly_shipped": ("good", f"Partly shipped The rest ships by {DAY}"),
    "shipped": ("good", f"Shipped With you by about {DAY}"),
    "cancelled": ("over", "Canceled, as you asked"),
}


def read(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("&#x27;", "'").split())


def test_the_headline_is_the_state_and_the_day(client: Client) -> None:
    for state in states.make(now=NOON, only=set(HEADLINES)):
        tone, words = HEADLINES[state.name]
        page = client.get(state.url).content.decode()
        [(classes, said)] = re.findall(r'<h1 class="([^"]+)">(.*?)</h1>', page, re.S)
        assert (state.name, classes) == (state.name, f"lead {tone}")
        assert re.fullmatch(words, read(said)), (state.name, read(said))


def test_of_several_lines_a_summary_leads_and_the_urgent_one_comes_first(client: Client) -> None:
    name = "several_lines_different_fates"
    [state] = states.make(now=NOON, only={name})
    page = client.get(state.url).content.decode()
    [summary] = re.findall(r'<h1 class="summary">(.*?)</h1>', page, re.S)
    assert read(summary) == "1 delayed: keep or cancel? 1 ships today 1 shipped 1 canceled"
    leads = [read(each) for each in re.findall(r'<p class="lead">(.*?)</p>', page, re.S)]
    assert [lead.partition(" ")[0] for lead in leads] == ["Delayed", "It's", "Shipped", "Canceled,"]


def test_what_is_late_says_sorry_and_what_was_told_before_and_why(client: Client) -> None:
    [state] = states.make(now=NOON, only={"delayed_once"})
    said = read(client.get(state.url).content.decode())
    assert re.search(r"We told you it would ship by \w+ \d+\. Why: [^.]+\. We're sorry\.", said)


def test_a_link_that_may_only_look_shows_no_button_that_acts(client: Client) -> None:
    [state] = states.make(now=NOON, only={"look_only"})
    page = client.get(state.url).content.decode()
    assert 'class="button' not in page
    assert "we need to know it's you" in read(page)


def test_a_day_that_is_over_is_not_offered_for_a_calendar(client: Client) -> None:
    [state] = states.make(now=NOON, only={"missed"})
    assert "calendar.ics" not in client.get(state.url).content.decode()


def test_what_is_here_and_late_is_called_delayed_as_its_email_does(client: Client) -> None:
    [state] = states.make(now=NOON, only={"packing_late"})
    page = client.get(state.url).content.decode()
    [(classes, said)] = re.findall(r'<h1 class="([^"]+)">(.*?)</h1>', page, re.S)
    assert classes == "lead late"
    assert re.fullmatch(f"Delayed Now ships by {DAY}", read(said))
    assert "We're sorry." in read(page)


def test_what_should_have_arrived_and_has_not_leads_to_a_person(client: Client) -> None:
    [state] = states.make(now=NOON, only={"should_have_arrived"})
    page = " ".join(client.get(state.url).content.decode().split())
    assert re.search(r'Not here yet\? <a href="[^"]+/contact/">Contact us</a>', page)
    [now] = re.findall(r'aria-current="step"><b>([^<]+)</b>', page)
    assert now == "With you"  # nobody said that it has arrived


def test_no_more_than_three_days_are_named_before_the_choice(client: Client) -> None:
    for state in states.make(now=NOON, only={"delayed_once", "delayed_eu", "california"}):
        page = client.get(state.url).content.decode()
        first = read(page[page.index('class="intro"') : page.index('class="acts"')])
        days = re.findall(r"\d+\xa0(?:October|November|December|January)", first)
        assert len(days) <= 3, (state.name, days)
