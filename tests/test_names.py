import pytest

from orders.models import Order


@pytest.mark.parametrize(
    ("full", "first"),
    [
        ("Ada Lovelace", "Ada"),
        ("Smith, John", "John"),
        ("Smith, John, Esq.", "John"),
        ("Smith,", ""),
        ("Conan O'Brien", "Conan"),
        ("D'Arcy Fitz", "D'Arcy"),
        ('"Ada" Lovelace', "Ada"),
        ("J. Smith", ""),
        (", ", ""),
        ("...", ""),
        ("", ""),
    ],
)
def test_a_customer_is_greeted_by_the_first_name_if_there_is_one(full: str, first: str) -> None:
    assert Order(customer_name=full).first_name == first
