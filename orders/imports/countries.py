"""A country as files have it: its code of two or three letters, or its name in a language that the
product speaks or that is spoken there, as CLDR has it or as shops write it."""

import re
import unicodedata
from contextlib import suppress
from functools import cache, lru_cache

from babel import Locale, UnknownLocaleError
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
    "CN": "People’s Republic of China, PR China, PRC, Mainland China, Volksrepublik China",
    "CZ": "Czech Republic, Czech Rep, Tschechische Republik, République tchèque, República Checa",
    "DE": "Federal Republic of Germany, Bundesrepublik Deutschland, BRD",
    "FM": "Micronesia Federated States of",
    "FR": "France métropolitaine",
    "GB": """UK, Great Britain, Britain, England, Scotland, Wales, Northern Ireland, XI,
        United Kingdom of Great Britain and Northern Ireland, Großbritannien, Grande-Bretagne,
        Gran Bretaña""",
    "GR": "EL",
    "HK": "Hong Kong, Hongkong, Hong Kong SAR",
    "IE": "Republic of Ireland, Eire",
    "IR": "Iran Islamic Republic of",
    "KP": "Korea Democratic Peoples Republic of",
    "KR": "Korea, Republic of Korea, Korea Republic of",
    "LA": "Lao Peoples Democratic Republic",
    "LY": "Libyan Arab Jamahiriya",
    "MD": "Moldova Republic of, Republic of Moldova",
    "MK": """Macedonia, Republic of North Macedonia,
        The Former Yugoslav Republic of Macedonia""",
    "MM": "Burma, Myanmar",
    "MO": "Macao, Macau",
    "NL": "Holland",
    "PS": "Palestine, State of Palestine, Palestine State of",
    "RU": "Russian Federation",
    "SA": "KSA, السعودية",
    "SK": "Slovak Republic, Slowakische Republik",
    "SY": "Syrian Arab Republic",
    "SZ": "Swaziland",
    "TL": "East Timor",
    "TR": "Turkey, Republic of Türkiye",
    "TW": "Taiwan Province of China, Taiwan Republic of China",
    "TZ": "Tanzania United Republic of, United Republic of Tanzania",
    "US": """U.S., U.S.A., United States of America, Vereinigte Staaten von Amerika,
        États-Unis d’Amérique, Estados Unidos de América, EE.UU.""",
    "VA": "Holy See, Vatican",
    "VE": "Venezuela Bolivarian Republic of",
    "VN": "Viet Nam",
}


@lru_cache(maxsize=1000)
def code_of(value: str) -> str:
    """ISO 3166, two letters; empty where no table knows it. WooCommerce writes a name with its code
    behind it, United States (US), others its chief word first: Korea, Republic of."""
    code = value.strip().upper()
    if code in _codes():
        return code
    name, _bracket, behind = value.partition("(")
    chief, _comma, kind = value.partition(",")
    written = [value, *([name] if behind else []), *([f"{kind} {chief}"] if kind else [])]
    plain = list(map(_plain, written))
    found = (table()[name] for table in (_names, _own_names) for name in plain if name in table())
    return next(found, "")


@cache
def _codes() -> frozenset[str]:
    territories = map(str, Locale("en").territories)
    return frozenset(code for code in territories if re.fullmatch("[A-Z]{2}", code)) - GROUPS


@cache
def _names() -> dict[str, str]:
    codes = _codes()
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
    return names | {
        _plain(name): code for code, said in ALSO_CALLED.items() for name in said.split(",")
    }


@cache
def _own_names() -> dict[str, str]:
    """What they are called where they are, in each official language: Nederland, België, Belgique.
    Many languages are read for it, so only where a name is in none of ours."""
    names: dict[str, str] = {}
    for code, spoken in get_global("territory_languages").items():
        for language, said in spoken.items():
            if code in _codes() and said["official_status"] in ("official", "de_facto_official"):
                with suppress(UnknownLocaleError):
                    own = Locale.parse(language).territories.get(code, "")
                    names.setdefault(_plain(own), code)
    names.pop("", None)
    return names


def _plain(name: str) -> str:
    """`Côte d’Ivoire` and `COTE D'IVOIRE`, `The Bahamas` and `Bahamas` are the same."""
    letters = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    words = re.sub(r"[^\w\s]", "", letters.replace("-", " ")).split()
    return " ".join("st" if word == "saint" else word for word in words if word != "the")
