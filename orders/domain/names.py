"""By which name a customer is greeted. Nobody is greeted by a title, a surname alone, a company or
anything that is no name: then a greeting has none."""

import re
import unicodedata
from itertools import dropwhile

# All in small letters and without points. Titles are English, German, French, Spanish, Arabic,
# Italian, Portuguese, Dutch, Polish, Czech, Danish, Norwegian, Swedish and Turkish.
_TITLES = """
    mr mrs ms miss mx mister madam sir dame lady lord dr doctor prof professor rev reverend hon
    capt captain col gen lt maj sgt phd md mba bsc msc ba ma esq jr
    herr herrn frau fräulein frl fam familie eheleute dipl ing mag med phil rer nat jur habil hc eh
    m mm mme mmes mlle mlles monsieur madame mademoiselle maître me docteur docteure pr professeur
    sr sra srta srs señor señora señorita don doña d da dña dra lic licenciado licenciada arq profa
    السيد السيدة سيد سيدة الآنسة آنسة الدكتور الدكتورة دكتور دكتورة د الأستاذ الأستاذة أستاذ أ
    المهندس المهندسة مهندس م الشيخ الحاج الحاجة
    master father messrs misses hr fr fh maga ra ssa
    sig sigra signor signore signora signorina dott dottssa dottore dottoressa eng engo
    dhr mevr mevrouw mw heer drs pan pani państwo inż mgr bc bca mudr judr rndr phdr mvdr
    herre fru frk frøken fröken bay bayan sayın
"""
_BETWEEN_TITLES = "and und u et y e or oder و"
_COMPANIES = """
    gmbh ggmbh mbh ag kg kgaa ohg ug gbr ev ek eg se inc incorporated llc llp lp ltd limited plc
    corp corporation co company cie sarl sas sasu eurl sa sci snc sl slu slp srl spa bv nv ab oy as
    aps pty pvt firma fa société sociedad empresa شركة مؤسسة
    stadt gemeinde praxis kanzlei apotheke verein hotel restaurant school university universität
"""
_PARTICLES = """
    van von vom de del della di da dos das du la le las los zu zum zur ter ten den der bin ibn el al
"""
_NO_NAMES = """
    null none undefined unknown guest customer client gast kunde kundin cliente invité
"""
_HALF_NAMES = "عبد أبو ابو أم ام"  # one name with the word after it
TITLES, BETWEEN_TITLES, COMPANIES, PARTICLES, NO_NAMES, HALF_NAMES = (
    frozenset(words.split())
    for words in (_TITLES, _BETWEEN_TITLES, _COMPANIES, _PARTICLES, _NO_NAMES, _HALF_NAMES)
)
QUOTES = "-'’‘ʼ`´.,،·&()\"“”„«»"
JOINERS = "\u200c\u200d"  # letters in some scripts
LOOKS_LIKE_AN_ADDRESS = re.compile(r"\w\.\w\w")


def first_name(full: str) -> str:
    """To greet by; empty where there is none, or an initial alone. "Smith, John" is John, and so is
    "Mr. John Smith"."""
    full = _apart("".join(sign for sign in full if sign in JOINERS or _sort(sign) != "Cf"))
    words = full.split()
    if (
        "&" in words
        or not all(_sort(sign)[0] in "LM" or sign in f" {QUOTES}{JOINERS}" for sign in full)
        or LOOKS_LIKE_AN_ADDRESS.search(full)
        or any(_plain(word) in COMPANIES for word in words)
    ):
        return ""
    given, is_behind = _given(full)
    named = list(dropwhile(_is_title, given))
    is_surname = len(named) < len(given) and len(named) == 1 and not is_behind
    are_two = len(named) > 1 and _plain(named[1]) in BETWEEN_TITLES
    if not named or is_surname or are_two:
        return ""
    name = named[0].strip(QUOTES)
    if name in HALF_NAMES and len(named) > 1:
        name = f"{name} {named[1].strip(QUOTES)}"
    is_company = len(words) == 1 and name.isupper()
    is_none = len(name) < 2 or name in PARTICLES or _plain(name) in NO_NAMES
    return "" if is_none or is_company else name


def _given(full: str) -> tuple[list[str], bool]:
    """The words with the first name, and whether they are behind the surname, as in "Smith, John".
    Titles behind a comma are read as before the name."""
    first, *behind = (part.split() for part in re.split("[,،]", full))
    for words in behind:
        if not words or not all(map(_is_title, words)):
            return words, True
        first = words + first
    return first, False


def _sort(sign: str) -> str:
    return unicodedata.category(sign)


def _apart(part: str) -> str:
    """ "Dr.Grete" as two words."""
    return re.sub(
        r"(\w+)\.(?=\w\w)",
        lambda found: f"{found[1]}. " if _plain(found[1]) in TITLES else found[0],
        part,
    )


def _is_title(word: str) -> bool:
    """Or stands between two of them. "Dipl.-Ing." is one of two parts."""
    parts = [part for part in re.split(r"[-.]", word.strip(QUOTES)) if part]
    plain = [_plain(part) for part in parts]
    return (
        not parts
        or all(part in TITLES for part in plain)
        or _plain(word) in TITLES | BETWEEN_TITLES
    )


def _plain(word: str) -> str:
    """ "S.A.R.L." as sarl."""
    return unicodedata.normalize("NFKC", word).casefold().replace(".", "").strip(QUOTES)
