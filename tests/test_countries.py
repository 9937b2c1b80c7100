"""Countries as the files of shops have them."""

import pytest

from orders.imports import values
from orders.imports.values import BadValue

WRITTEN = {
    "US": ["US", "us", "USA", "U.S.A.", "United States", "United States (US)", "UNITED STATES OF"
           " AMERICA", "Vereinigte Staaten", "États-Unis", "Estados Unidos", "الولايات المتحدة"],
    "GB": ["GB", "UK", "GBR", "United Kingdom", "united  kingdom", "United Kingdom (UK)",
           "Great Britain", "England", "Vereinigtes Königreich", "Royaume-Uni", "Reino Unido",
           "XI", "Northern Ireland"],  # whose goods follow EU rules, and customers those of the UK
    "IC": ["IC", "Canary Islands", "Kanarische Inseln"],
    "EA": ["EA", "Ceuta & Melilla"],
    "XK": ["XK", "Kosovo"],
    "DE": ["DEU", "Germany", "deutschland", "Allemagne", "Alemania", "ألمانيا"],
    "CI": ["Côte d’Ivoire", "COTE D'IVOIRE", "Ivory Coast"],
    "CZ": ["Czechia", "Czech Republic"],
    "TR": ["Türkiye", "Turkiye", "Turkey"],
    "NL": ["The Netherlands", "Netherlands (the)", "Niederlande",
           "Nederland"],
    "BA": ["Bosnia & Herzegovina", "Bosnia and Herzegovina"],
    "LC": ["St. Lucia", "Saint Lucia"],
    "KR": ["South Korea", "Korea, Republic of", "KOR"],
    "BE": ["België", "Belgique", "Belgien"],
    "SE": ["Sverige", "SVERIGE"],
    "CD": ["Congo, Democratic Republic of the"],
    "NA": ["NA", "Namibia"],
    "": [""],
}  # fmt: skip


@pytest.mark.parametrize(
    ("written", "code"), [(name, code) for code, names in WRITTEN.items() for name in names]
)
def test_a_country_is_known_by_its_code_or_its_name(written: str, code: str) -> None:
    assert values.country(written, "country") == code


@pytest.mark.parametrize(
    "unknown", ["XX", "EU", "ZZZ", "Freedonia", "()", "Europe", "1", "#N/A", "n/a"]
)
def test_what_no_table_knows_is_named(unknown: str) -> None:
    with pytest.raises(BadValue) as refused:
        values.country(unknown, "Land")
    assert str(refused.value).startswith(f"Land is {unknown!r}, which is not a country we know")
