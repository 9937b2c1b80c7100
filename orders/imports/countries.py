"""A country as files have it: its code of two or three letters, or its name in a language that the
product speaks, as CLDR has it or as shops write it."""

import re
import unicodedata
from functools import cache, lru_cache

from babel import Locale
from babel.core import get_global
from django.conf import settings

# territories to Unicode, and no country
GROUPS = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
# In everyday use, and in neither ISO 3166 nor CLDR: names of before, official ones, parts that
# parcels are addressed to.
ALSO_CALLED = {
    "AE": "UAE",
    "AT": "Oesterreich",
    "BA": "Bosnia, Bosnien",
    "BO": "Bolivia Plurinational State of",
    "BN": "Brunei Darussalam",
    "CD": "Democratic Republic of the Congo",
    "CG": "Republic of the Congo",
    "CI": "Ivory Coast, Elfenbeinküste",
    "CV": "Cabo Verde",
    "CN": "People’s Republic of China, PR China, Mainland China, Volksrepublik China",
    "CZ": "Czech Republic, Czech Rep, Tschechische Republik, République tchèque, República Checa",
    "DE": "Federal Republic of Germany, Bundesrepublik Deutschland, BRD",
    "FM": "Micronesia Federated States of",
    "GB": """UK, Great Britain, Britain, England, Scotland, Wales, Northern Ireland, XI,
        United Kingdom of Great Britain and Northern Ireland, Großbritannien, Grande-Bretagne,
        Gran Bretaña""",
    "GR": "EL",
    "HK": "Hong Kong, Hongkong",
    "IE": "Republic of Ireland, Eire",
    "IR": "Iran Islamic Republic of",
    "KP": "Korea Democratic Peoples Republic of",
    "KR": "Korea, Republic of Korea, Korea Republic of",
    "LA": "Lao Peoples Democratic Republic",
    "MD": "Moldova Republic of, Republic of Moldova",
    "MK": "Macedonia, Republic of North Macedonia",
    "MM": "Burma, Myanmar",
    "MO": "Macao, Macau",
    "NL": "Holland",
    "PS": "Palestine, State of Palestine, Palestine State of",
    "RU": "Russian Federation",
    "SK": "Slovak Republic, Slowakische Republik",
    "SY": "Syrian Arab Republic",
    "SZ": "Swaziland",
    "TL": "East Timor",
    "TR": "Turkey, Republic of Türkiye",
    "TW": "Taiwan Province of China, Taiwan Republic of China",
    "TZ": "Tanzania United Republic of, United Republic of Tanzania",
    "US": """U.S., U.S.A., United States of America, Vereinigte Staaten von Amerika,
        États-Unis d’Amérique, Estados Unidos de América""",
    "VA": "Holy See, Vatican",
    "VE": "Venezuela Bolivarian Republic of",
    "VN": "Viet Nam",
}


@lru_cache(maxsize=1000)
def code_of(value: str) -> str:
    """ISO 3166, two letters; empty where no table knows it. WooCommerce writes a name with its code
    behind it: United States (US)."""
    known = _names()
    name, _bracket, behind = value.partition("(")
    return known.get(_plain(value)) or (known.get(_plain(name), "") if behind else "")


@cache
def _names() -> dict[str, str]:
    territories = Locale("en").territories
    codes = {str(code) for code in territories if re.fullmatch("[A-Z]{2}", str(code))} - GROUPS
    names = {
        _plain(name): code
        for language, _name in settings.LANGUAGES
        for code, name in Locale.parse(language, sep="-").territories.items()
        if code in codes
    }
    names |= {
        _plain(other): codes_now[0]
        for other, codes_now in get_global("territory_aliases").items()
        if len(other) == 3 and len(codes_now) == 1 and codes_now[0] in codes
    }
    names |= {_plain(name): code for code, said in ALSO_CALLED.items() for name in said.split(",")}
    return names | {code.casefold(): code for code in codes}


def _plain(name: str) -> str:
    """`Côte d’Ivoire` and `COTE D'IVOIRE`, `The Bahamas` and `Bahamas` are the same."""
    letters = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    words = re.sub(r"[^\w\s]", "", letters.replace("-", " ")).split()
    return " ".join("st" if word == "saint" else word for word in words if word != "the")
