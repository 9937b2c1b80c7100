"""What programs read is what docs/schemas says, in every state an order can be in and whatever is
asked of it."""

import json
from functools import cache
from pathlib import Path

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from orders.access import Purpose, link_token
from orders.models import Product
from tests.factories import NOON, lamp_of_a_punctual_supplier, order
from tests.gallery import states

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

SCHEMAS = Path(__file__).parent.parent / "docs/schemas"


@cache
def schema(name: str) -> Draft202012Validator:
    window = Resource.from_contents(json.loads((SCHEMAS / "window.json").read_text()))
    registry = Registry().with_resource("window.json", window)
    return Draft202012Validator(json.loads((SCHEMAS / name).read_text()), registry=registry)


STATES = set(states.names()) - {"ten_thousandth"}  # as any other, and long in the making


def test_every_state_and_every_product_in_it(client: Client) -> None:
    status = schema("status.json")
    wrong = []
    for state in states.make(now=NOON, only=STATES):
        for language in ("en", "ar"):
            answer = client.get(
                f"/o/{link_token(state.order, Purpose.FEED)}/status.json", {"lang": language}
            )
            wrong += [
                (state.name, error.json_path, error.message)
                for error in status.iter_errors(answer.json())
            ]
    assert wrong == []

    promise = schema("promise.json")
    answers = [
        client.get(f"/p/{sku}/promise.json")
        for sku in Product.objects.values_list("sku", flat=True)
    ]
    assert {answer.status_code for answer in answers} <= {200, 404}
    assert sum(answer.status_code == 200 for answer in answers) > 20
    faults = [
        error
        for answer in answers
        if answer.status_code == 200
        for error in promise.iter_errors(answer.json())
    ]
    assert faults == []


QUANTITIES = st.one_of(
    st.integers(), st.text(max_size=20), st.floats(), st.sampled_from(["0", "999", "1000", "²", ""])
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(quantity=QUANTITIES)
def test_promise_json_answers_any_quantity_by_its_schema_or_says_what_is_expected(
    client: Client, quantity: object
) -> None:
    if not Product.objects.filter(sku="LAMP").exists():
        order(lamp_of_a_punctual_supplier(500), 2)
    answer = client.get("/p/LAMP/promise.json", {"quantity": str(quantity)})
    if answer.status_code == 400:
        assert answer.json() == {"error": "quantity: expected a whole number from 1 to 999"}
    else:
        assert answer.status_code == 200
        schema("promise.json").validate(answer.json())
        assert answer.json()["quantity"] == int(str(quantity))


def test_a_status_that_went_wrong_would_be_seen(client: Client) -> None:
    line = order(lamp_of_a_punctual_supplier(5))
    found = client.get(f"/o/{link_token(line.order, Purpose.FEED)}/status.json").json()
    found["lines"][0]["window"] |= {"kind": "none"}
    assert not schema("status.json").is_valid(found)
