from django.contrib.staticfiles import finders
from django.test import Client


def test_a_browser_that_asks_for_an_icon_by_itself_finds_one(client: Client) -> None:
    answer = client.get("/favicon.ico")
    assert (answer.status_code, answer["Location"]) == (302, "/static/icons/parcel.svg")
    assert finders.find("icons/parcel.svg")
