"""The languages that customers read: who reads which, and that nothing of it is missing."""

import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Translated
from babel.messages.mofile import write_mo
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.template.loader import get_template
from django.test import Client, RequestFactory
from django.utils import translation
from pytest_django.fixtures import Settings

from backorders_site.ops import catalogs
from notifications.models import Message
from orders import services
from orders.access import Purpose, link_token, mine_url
from orders.domain.supply import Window
from orders.models import Event, Order
from orders.pages.language import read_as
from orders.words import (
    clock_words,
    isolated,
    moment_words,
    number_words,
    place_sentence,
    sentence,
    share_words,
    shop_days_sentence,
    split_sentence,
    window_words,
)
from orders.words.days import day_words, in_language, ordinal
from tests import factories
from tests.conftest import MailSink
from tests.factories import NOON
from tests.html import flat
from tests.mailing import mail

TODAY = date(2026, 11, 23)
LANGUAGES = ["de", "fr", "es", "ar"]
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
ISOLATES = "\u2068{}\u2069"


@pytest.fixture(autouse=True)
def english_afterwards() -> Any:
    with translation.override("en"):
        yield


def messages_of(language: str) -> list[Translated]:
    return [message for message in catalogs.read(language) if message.id]


# The catalogues


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_holds_what_the_sources_say_and_nothing_is_missing_or_fuzzy(
    language: str,
) -> None:
    now = catalogs.brought_up_to_date(language)
    unfinished = [
        catalogs.ids_of(message)[0]
        for message in now
        if message.id and (message.fuzzy or not all(catalogs.strings_of(message)))
    ]
    assert unfinished == [], "make messages, then translate them (docs/translating.md)"
    assert catalogs.po_of(now) == catalogs.path_of(language).read_bytes(), "make messages"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_the_catalogue_says(language: str) -> None:
    compiled = catalogs.path_of(language, "mo").read_bytes()
    assert compiled == catalogs.mo_of(catalogs.read(language)), "make messages"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_names_what_the_original_names(language: str) -> None:
    """Forms for one, two or none may say the number as a word; the last form, for any number, names
    all."""
    wrong = []
    for message in messages_of(language):
        named = {name for words in catalogs.ids_of(message) for name in PLACEHOLDER.findall(words)}
        forms = [set(PLACEHOLDER.findall(words)) for words in catalogs.strings_of(message)]
        if forms[-1] != named or any(form - named for form in forms):
            wrong.append(catalogs.ids_of(message)[0])
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_the_markup(language: str) -> None:
    tags = re.compile(r"</?[a-z][^>]*>")
    wrong = [
        words
        for message in messages_of(language)
        for words in catalogs.strings_of(message)
        if tags.findall(words) != tags.findall(catalogs.ids_of(message)[0])
    ]
    assert wrong == []


def test_what_is_said_of_a_number_of_items_has_a_form_for_each_number() -> None:
    """French, Spanish and Arabic say "shipped" in another form of one item than of two."""
    of_items = re.compile(r"%\((units|of)\)s items\b")
    single = [
        catalogs.ids_of(message)[0]
        for message in catalogs.collected()
        if len(catalogs.ids_of(message)) == 1 and of_items.search(catalogs.ids_of(message)[0])
    ]
    assert single == []


def test_words_that_the_law_asks_for_are_marked_for_a_lawyer() -> None:
    sentences = [
        "If you do not reply, you keep your place, and we will not treat that as agreement to the "
        "new date.",
        "If you do not agree by %(day)s, and it has not shipped by then, we will cancel it and "
        "refund you in full.",
        "If you cancel, you will get a prompt and full refund, within %(days)s day.",
        "Withdraw from contract here",
        "Confirm withdrawal",
    ]
    for language in LANGUAGES:
        marked = {
            catalogs.ids_of(m)[0]
            for m in messages_of(language)
            if catalogs.LEGAL in m.auto_comments
        }
        from_the_rules = {
            catalogs.ids_of(message)[0]
            for message in catalogs.collected()
            if any(name in catalogs.LEGAL_SOURCES for name, _ in message.locations)
        }
        assert from_the_rules | set(sentences) <= marked


@pytest.mark.parametrize(
    ("language", "withdraw", "confirm"),
    [
        ("de", "Vertrag hier widerrufen", "Widerruf bestätigen"),
        ("fr", "Renoncer au contrat ici", "Confirmer la rétractation"),
        ("es", "Desistir del contrato aquí", "Confirmar desistimiento"),
    ],
)
def test_the_withdrawal_is_called_as_the_directive_calls_it(
    language: str, withdraw: str, confirm: str
) -> None:
    with translation.override(language):
        assert translation.gettext("Withdraw from contract here") == withdraw
        assert translation.gettext("Confirm withdrawal") == confirm


def test_the_first_of_a_month_is_an_ordinal_in_french_only() -> None:
    for locale, said in (("fr-FR", "1er décembre"), ("fr-CA", "1er décembre"), ("es", "1 de")):
        with in_language(locale) as dates:
            day = day_words(date(2026, 12, 1), today=TODAY, locale=dates)
        assert day.replace("\u00a0", " ").startswith(said)


def test_the_command_finds_nothing_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("translations", "--check")
    assert re.findall(r"\d+ missing, \d+ fuzzy", capsys.readouterr().out) == [
        "0 missing, 0 fuzzy"
    ] * len(LANGUAGES)


# Nothing a customer reads stands outside the catalogues

SPOKEN_ATTRIBUTES = {"alt", "aria-label", "title", "placeholder", "summary"}
TAGS = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
TRANSLATED = re.compile(
    r"{%\s*blocktrans(?:late)?\b.*?%}.*?{%\s*endblocktrans(?:late)?\s*%}|{%\s*comment.*?endcomment\s*%}",
    re.DOTALL,
)

ATTRIBUTE = re.compile(r"{% block wide %}.*?{% endblock %}")  # within a tag of base.html


class Texts(HTMLParser):
    """What a reader sees or hears of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("style", "script")
        self.found += [value for name, value in attrs if name in SPOKEN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data)


def texts(page: str) -> list[str]:
    parser = Texts()
    parser.feed(page)
    return [text.strip() for text in parser.found if text.strip()]


TEMPLATES = [path for path in catalogs.sources() if path.suffix in (".html", ".txt")]


@pytest.mark.parametrize(
    "path", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR))
)
def test_a_template_says_nothing_untranslated(path: Path) -> None:
    left = TAGS.sub(" ", TRANSLATED.sub(" ", ATTRIBUTE.sub(" ", path.read_text())))
    assert [words for words in texts(left) if re.search(r"[A-Za-z]{2}", words)] == []


@pytest.fixture
def pseudo(settings: Settings, tmp_path: Path) -> None:
    """A German catalogue of look-alike letters: what is still Latin on a page never passed through
    it."""
    shifted = str.maketrans(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "абцдефгхийклмнопярстувшхызАБЦДЕФГХИЙКЛМНОПЯРСТУВШХЫЗ",
    )

    def written(words: str) -> str:
        parts = re.split(r"(%\(\w+\)s|<[^>]*>)", words)
        return "".join(
            part if part.startswith(("%(", "<")) else part.translate(shifted) for part in parts
        )

    catalogue = Catalog(locale="de", domain="django", fuzzy=False)
    for message in catalogs.collected():
        if message.id:
            ids = catalogs.ids_of(message)
            strings = tuple(written(words) for words in ids)
            catalogue.add(
                message.id, strings if len(ids) > 1 else strings[0], context=message.context
            )
    target = tmp_path / "de" / "LC_MESSAGES" / "django.mo"
    target.parent.mkdir(parents=True)
    with target.open("wb") as file:
        write_mo(file, catalogue)
    settings.LOCALE_PATHS = [tmp_path]


GIVEN = re.compile(
    r"NONE|Harbour|lamp|Ada|Tern|Tide|UPS|1Z9|New York|"
    r"Berlin|https?://\S+|\S+@\S+|x{2,}|English|Deutsch|Français|Español"
    r"|Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonntag|Oktober|November|Dezember|Januar|Okt|Nov|Dez|Jan"
)


def english_left(page: str) -> list[str]:
    said = [GIVEN.sub("", words) for words in texts(page)]
    return [words for words in said if re.search(r"[A-Za-z]{2}", words)]


def play(locale: str) -> Order:
    """An order that sees a delay, an arrival, a parcel and a withdrawal, and after each what would
    be mailed."""
    product = factories.lamp_of_a_punctual_supplier(60)
    line = factories.order(product, 5, country="DE", number="1042")
    Order.objects.update(locale=locale)
    mail()
    restock = product.restocks.get()
    services.move_restock_date(
        restock, (NOON + timedelta(days=70)).date(), reason="customs", now=NOON
    )
    factories.review(product)
    mail()
    services.receive(product, 3, restock=restock, now=NOON)
    mail()
    row = Order.objects.get()
    services.ship(row, {line.pk: 2}, now=NOON, carrier="UPS", tracking_number="1Z9")
    mail()
    services.answer(row, line.pk, "withdraw", units=1, now=NOON)
    mail()
    return Order.objects.get()


@pytest.mark.usefixtures("noon", "pseudo")
def test_no_page_and_no_mail_says_a_word_that_no_catalogue_has(
    client: Client, mail_sink: MailSink, db: None
) -> None:
    row = play("de-DE")
    order, line = f"/o/{link_token(row, Purpose.ACT)}/", row.lines.get()
    look = link_token(row, Purpose.LOOK)
    pages = [
        *(
            "/",
            "/mine/",
            "/p/LAMP/",
            "/p/LAMP/?quantity=x",
            "/embed/LAMP/",
            "/embed/NONE/",
            "/record/",
            "/nothing/",
        ),
        *(
            order,
            f"/o/{look}/",
            f"/o/{look}/link/",
            f"/preferences/{link_token(row, Purpose.ACT)}/",
            f"/preferences/{look}/",
        ),
        *(
            f"/unsubscribe/{link_token(row, Purpose.STOP)}/",
            mine_url(row).removeprefix(settings.SITE_URL),
        ),
        *(
            f"{order}answer/?line={line.pk}&choice={choice}"
            for choice in ("keep", "cancel", "withdraw", "x")
        ),
    ]
    spoken = [
        (page, client.get(page, headers={"accept-language": "de"}).content.decode())
        for page in pages
    ]
    spoken.append(
        (
            "/ missed",
            client.post(
                "/", {"number": "1", "email": "a@b.example"}, headers={"accept-language": "de"}
            ).content.decode(),
        )
    )
    for message in Message.objects.all():
        spoken += [
            (message.kind, message.html),
            (message.kind, message.subject + " " + message.text),
        ]

    assert {message.kind for message in Message.objects.all()} == {
        "joined",
        "later",
        "reserved",
        "shipped",
        "cancelled",
    }
    assert [(page, english_left(words)) for page, words in spoken if english_left(words)] == []


# Who reads in which language


def spoken_to(
    order_locale: str = "", *, accept: str = "", query: str = "", cookie: str = ""
) -> str:
    request = RequestFactory().get(
        "/" + query, headers={"accept-language": accept} if accept else {}
    )
    request.COOKIES["language"] = cookie
    locale = read_as(request, order_locale)
    assert translation.get_language() == locale.split("-")[0]
    return locale


@pytest.mark.parametrize(
    ("asked", "locale"),
    [
        ({"query": "?lang=ar", "cookie": "de", "order_locale": "de-AT", "accept": "de"}, "ar"),
        ({"cookie": "ar", "order_locale": "de-AT", "accept": "de"}, "ar"),
        ({"order_locale": "de-AT", "accept": "ar"}, "de-AT"),
        ({"order_locale": "it-IT", "accept": "it, ar;q=0.8, en;q=0.5"}, "ar"),
        ({"order_locale": "", "accept": "de-CH, en"}, "de-ch"),
        ({"order_locale": "it-IT", "accept": "it"}, "en"),
        # German as the order's country writes it
        ({"query": "?lang=de", "order_locale": "de-AT"}, "de-AT"),
        ({"query": "?lang=xx", "cookie": "../x", "accept": "de"}, "de"),
        ({"query": "?lang=" + "x" * 4000, "accept": "%00"}, "en"),
    ],
)
def test_choice_then_order_then_browser_then_shop(asked: dict[str, str], locale: str) -> None:
    assert spoken_to(**asked) == locale


def test_the_shops_language_is_the_last_resort(settings: Settings) -> None:
    settings.LANGUAGE_CODE = "de"
    assert spoken_to("it-IT", accept="pl") == "de"


def html_of(client: Client, url: str, **headers: str) -> str:
    return str(client.get(url, headers=headers).content.decode())


def test_the_switch_keeps_the_page_and_is_remembered(client: Client, db: None) -> None:
    row = factories.order(factories.make_product()).order
    url = f"/o/{link_token(row, Purpose.ACT)}/answer/?line={row.lines.get().pk}&choice=cancel"
    link = re.search(r'<a href="([^"]*)" lang="de" hreflang="de"', flat(html_of(client, url)))
    assert link
    assert link[1] == f"?line={row.lines.get().pk}&amp;choice=cancel&amp;lang=de"

    assert '<html lang="de" dir="ltr">' in html_of(client, url + "&lang=de")
    assert client.cookies["language"].value == "de"
    assert '<html lang="de" dir="ltr">' in html_of(client, url)
    assert '<html lang="ar" dir="rtl">' in html_of(client, url + "&lang=ar")


def test_only_a_known_language_is_remembered(client: Client, db: None) -> None:
    client.get("/?lang=xx")
    assert "language" not in client.cookies
    client.get("/?lang=de-<b>")
    assert client.cookies["language"].value == "de"


def test_a_page_says_in_which_language_it_is_and_on_what_that_depends(
    client: Client, db: None
) -> None:
    response = client.get("/record/", headers={"accept-language": "ar"})
    assert response["Content-Language"] == "ar"
    assert {"Accept-Language", "Cookie"} <= set(re.split(", *", response["Vary"]))
    assert response["Cache-Control"] == "public, max-age=600"
    # it carries a cookie
    assert client.get("/record/?lang=de")["Cache-Control"] == "max-age=600, private"


def test_what_stands_in_foreign_pages_knows_no_cookie(client: Client, db: None) -> None:
    client.cookies["language"] = "de"
    response = client.get("/embed/NONE/?lang=ar")
    assert (response["Content-Language"], response["Vary"]) == ("ar", "Accept-Language")
    assert not response.cookies
    assert client.get("/embed/NONE/")["Content-Language"] == "en"
    assert not client.get("/p/NONE/promise.json").has_header("Vary")


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("", "دورك رقم 1 في قائمة الانتظار."),
        ("?lang=en", "You're 1st in line."),
        ("?lang=de", "Sie sind auf Platz\u00a01 der Warteliste."),
    ],
)
def test_programs_ask_for_a_language_too(client: Client, db: None, lang: str, text: str) -> None:
    row = factories.order(factories.make_product()).order
    Order.objects.update(locale="ar-AE")
    response = client.get(f"/o/{link_token(row, Purpose.FEED)}/status.json{lang}")
    assert response.json()["events"][0]["text"].startswith(text)
    assert not response.cookies


def test_staff_read_english_and_quote_customers_in_their_own(client: Client, db: None) -> None:
    row = factories.order(factories.make_product(), number="1042").order
    Order.objects.update(locale="ar-AE")
    client.force_login(User.objects.create_superuser("staff"))
    page = html_of(client, "/admin/orders/event/", **{"accept-language": "de"})
    assert '<html lang="en"' in page
    assert f'<bdi lang="ar">{sentence(Event.objects.get(order=row), locale="ar-AE")}</bdi>' in page


@pytest.mark.parametrize(
    ("locale", "country", "said"),
    [
        ("en", "US", "December 3"),
        ("en", "GB", "3 December"),
        ("en", "DE", "3 December"),
        ("en", "JP", "3 December"),
        ("en-GB", "US", "3 December"),
        ("de", "US", "3. Dezember"),
        ("de", "AT", "3. Dezember"),
    ],
)
@pytest.mark.usefixtures("noon")
def test_page_and_mail_write_dates_as_the_readers_country_does(
    locale: str, country: str, said: str, client: Client, mail_sink: MailSink, db: None
) -> None:
    lamp = factories.make_product(name="Lamp")
    factories.restock(lamp, expected_on=date(2026, 12, 2))
    order = services.place_order(
        services.NewOrder(
            number="1",
            placed_at=NOON,
            email="ada@example.com",
            country=country,
            locale=locale,
            lines=[services.NewLine(lamp, 1)],
        ),
        now=NOON,
    )
    mail()
    (sent,) = mail_sink.mails
    body = sent.message.get_body(("plain",))
    assert body is not None
    page = client.get(f"/o/{link_token(order, Purpose.LOOK)}/").content.decode()
    for shown in (str(body.get_content()), page):
        assert said in shown.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize(
    ("locale", "opening"),
    [("de-DE", '<html lang="de" dir="ltr"'), ("ar-AE", '<html lang="ar" dir="rtl"')],
)
def test_a_mail_is_in_its_orders_language(
    settings: Settings, db: None, locale: str, opening: str
) -> None:
    settings.MAIL_MODE = "hold"
    product = factories.make_product()
    factories.restock(product, expected_on=date(2026, 11, 12))
    factories.order(product, number="1042")
    Order.objects.update(locale=locale)
    mail()
    message = Message.objects.get()
    assert opening in message.html
    assert (
        message.subject
        == {
            "de-DE": "Vielen Dank für Ihre Bestellung 1042: Versand bis 13.\u00a0November",
            "ar-AE": f"شكرًا على طلبك {ISOLATES.format('1042')}: يُشحن بحلول 13\u00a0نوفمبر",
        }[locale]
    )


@pytest.mark.parametrize("page", ["404.html", "403.html", "403_csrf.html", "500.html"])
def test_pages_of_failure_read_from_right_to_left_too(page: str) -> None:
    with translation.override("ar"):
        said = get_template(page).render({})
    assert '<html lang="ar" dir="rtl">' in said
    left = {words for words in texts(said) if re.search("[A-Za-z]{2}", words)}
    assert left - {"Tern & Tide"} == {"help@shop.example"}


def test_colons_are_left_to_the_catalogs() -> None:
    """French has a space before them."""
    for path in (settings.BASE_DIR / "templates").glob("*/*.txt"):
        assert "%}:\n" not in path.read_text(encoding="utf-8"), path


# Numbers, plurals, days


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (1, "دورك رقم 1 في قائمة الانتظار. لا أحد أمامك."),
        (2, "دورك رقم 2 في قائمة الانتظار. أمامك شخص واحد."),
        (3, "دورك رقم 3 في قائمة الانتظار. أمامك شخصان."),
        (4, "دورك رقم 4 في قائمة الانتظار. أمامك 3 أشخاص."),
        (12, "دورك رقم 12 في قائمة الانتظار. أمامك 11 شخصًا."),
        (101, "دورك رقم 101 في قائمة الانتظار. أمامك 100 شخص."),
        (10_001, "دورك رقم 10,001 في قائمة الانتظار. أمامك 10,000 شخص."),
    ],
)
def test_arabic_counts_in_its_own_forms(place: int, said: str) -> None:
    assert place_sentence(place, locale="ar-AE").replace("\u00a0", " ") == said


def test_all_six_arabic_forms() -> None:
    ids = ("%(units)s item has shipped.", "%(units)s items have shipped.")
    with translation.override("ar"):
        forms = [translation.ngettext(*ids, number) for number in (0, 1, 2, 3, 11, 100)]
    message = catalogs.read("ar").get(ids)
    assert message is not None
    assert forms == list(catalogs.strings_of(message))


@pytest.mark.parametrize(
    ("locale", "place", "soon", "late"),
    [
        ("en-GB", "37th", "Tuesday, 24 November", "21 December"),
        ("en-US", "37th", "Tuesday, November 24", "December 21"),
        ("de-DE", "37", "Dienstag, 24. November", "21. Dezember"),
        ("fr-FR", "37e", "mardi 24 novembre", "21 décembre"),
        ("es-ES", "37", "martes 24 de noviembre", "21 de diciembre"),
        ("es-MX", "37", "martes 24 de noviembre", "21 de diciembre"),
        ("ar-AE", "رقم 37", "يوم الثلاثاء 24 نوفمبر", "21 ديسمبر"),
    ],
)
def test_places_and_days_are_written_as_the_language_does(
    locale: str, place: str, soon: str, late: str
) -> None:
    with in_language(locale) as dates:
        days = [
            day_words(day, today=TODAY, locale=dates).replace("\u00a0", " ")
            for day in (date(2026, 11, 24), date(2026, 12, 21))
        ]
        assert [ordinal(37, locale=dates), *days] == [place, soon, late]


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        (
            "en-GB",
            "Ships by 18 December. 9 in 10 orders like this ship by then. "
            "It could ship as early as 4 December.",
        ),
        (
            "en-US",
            "Ships by December 18. 9 in 10 orders like this ship by then. "
            "It could ship as early as December 4.",
        ),
        (
            "de-DE",
            "Versand bis 18. Dezember. Bei 9 von 10 vergleichbaren Bestellungen halten wir den "
            "Versandtermin ein. Versand ab 4. Dezember möglich.",
        ),
        (
            "fr-FR",
            "Expédition au plus tard le 18 décembre. Dans 9 cas sur 10, une commande comme "
            "celle-ci part à temps. L’expédition pourrait avoir lieu dès le 4 décembre.",
        ),
        (
            "es-ES",
            "Se enviará a más tardar el 18 de diciembre. 9 de cada 10 pedidos como este se envían "
            "a tiempo. Podría enviarse ya a partir del 4 de diciembre.",
        ),
        (
            "ar-AE",
            "يُشحن بحلول 18 ديسمبر. يُشحن 9 من كل 10 طلبات مماثلة في موعدها. "
            "قد يُشحن ابتداءً من 4 ديسمبر.",
        ),
    ],
)
def test_a_window_reads_naturally(locale: str, said: str) -> None:
    window = Window("dated", date(2026, 12, 4), date(2026, 12, 15), date(2026, 12, 18), 0.9)
    assert window_words(window, since=TODAY, locale=locale).replace("\u00a0", " ") == said


@pytest.mark.parametrize("locale", ["ar", "ar-AE", "ar-EG", "ar-SA"])
def test_arabic_never_mixes_two_kinds_of_digits(locale: str) -> None:
    window = Window("dated", date(2026, 12, 4), date(2026, 12, 15), date(2027, 12, 18), 0.9)
    with in_language(locale) as dates:
        said = number_words(12_345, locale=dates)
    said += window_words(window, since=TODAY, locale=locale) + share_words(0.81, locale=locale)
    said += moment_words(datetime(2026, 11, 23, 15, tzinfo=UTC), today=TODAY, locale=locale)
    assert re.findall("[\u0660-\u0669]", said) == []


@pytest.mark.parametrize(
    ("zone", "locale", "said", "days"),
    [
        (
            "America/New_York",
            "en-US",
            "November 23, 10:00 AM",
            "Dates and times are in New York time.",
        ),
        (
            "Europe/Berlin",
            "de-DE",
            "23. November, 16:00",
            "Tage und Uhrzeiten gelten in der Ortszeit von Berlin.",
        ),
        (
            "Asia/Kathmandu",
            "en-GB",
            "23 November, 20:45",
            "Dates and times are in Kathmandu time.",
        ),
        (
            "UTC",
            "en-GB",
            "23 November, 15:00",
            "Dates and times are in the time zone UTC.",
        ),
    ],
)
def test_times_and_days_are_the_shops_and_its_zone_is_said_once(
    settings: Settings, zone: str, locale: str, said: str, days: str
) -> None:
    settings.TIME_ZONE = zone
    at = datetime(2026, 11, 23, 15, tzinfo=UTC)
    assert (
        moment_words(at, today=TODAY, locale=locale).replace("\u202f", " ").replace("\u00a0", " ")
        == said
    )
    assert shop_days_sentence(locale=locale) == days


def test_an_order_page_names_days_and_times_of_one_zone(client: Client, db: None) -> None:
    row = factories.order(factories.make_product(), country="DE").order
    page = html_of(client, f"/o/{link_token(row, Purpose.ACT)}/?lang=en")
    zones = re.findall(r"([A-Z]\w+(?: [A-Z]\w+)?) time\b", " ".join(texts(page)))
    assert set(zones) == {"New York"}
    assert re.search(r"\b(?:CES?T|E[SD]T|GMT)\b", page) is None


@pytest.mark.parametrize(
    ("locale", "one", "two"),
    [
        (
            "de",
            "1 von Ihren 3 Artikeln versendet am 20. November. 2 Artikel stehen noch aus.",
            "2 von Ihren 3 Artikeln versendet am 20. November. 1 Artikel steht noch aus.",
        ),
        (
            "fr",
            "Expédié le 20 novembre : 1 de vos 3 articles. 2 articles sont encore à venir.",
            "Expédiés le 20 novembre : 2 de vos 3 articles. 1 article est encore à venir.",
        ),
        (
            "es",
            "Se envió 1 de sus 3 artículos el 20 de noviembre. Faltan 2 artículos por llegar.",
            "Se enviaron 2 de sus 3 artículos el 20 de noviembre. Falta 1 artículo por llegar.",
        ),
        (
            "ar",
            "شُحنت قطعة واحدة من أصل 3 في 20 نوفمبر. ستصلك قطعتان لاحقًا.",
            "شُحنت قطعتان من أصل 3 في 20 نوفمبر. ستصلك قطعة واحدة لاحقًا.",
        ),
    ],
)
def test_one_item_and_several_have_their_own_form(locale: str, one: str, two: str) -> None:
    for shipped, said in ((1, one), (2, two)):
        words = split_sentence(
            shipped=shipped,
            shipped_on=date(2026, 11, 20),
            still=3 - shipped,
            quantity=3,
            today=TODAY,
            locale=locale,
        )
        assert words.replace("\u00a0", " ") == said


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("de", "10:00 (Ortszeit New York)"),
        ("fr", "10:00 (heure locale : New York)"),
        ("es", "10:00 (hora de Nueva York)"),
        ("ar", f"10:00 ص (بتوقيت {ISOLATES.format('نيويورك')})"),
    ],
)
def test_a_time_of_day_names_its_zone_by_a_city(locale: str, said: str) -> None:
    at = datetime(2026, 11, 23, 15, tzinfo=UTC)
    assert clock_words(at, locale=locale, named=True).replace("\u00a0", " ") == said


# Names that run the other way


def test_names_are_set_apart_only_where_the_sentence_runs_the_other_way() -> None:
    with translation.override("ar"):
        assert isolated("SO-1042/A") == ISOLATES.format("SO-1042/A")
        assert isolated("") == ""
    with translation.override("de"):
        assert isolated("SO-1042/A") == "SO-1042/A"


NAMES = ("Harbour lamp (brass)", "SO-1042/A", "UPS", "1Z-9", "Ada", "a•••")


@pytest.mark.usefixtures("noon")
def test_every_latin_name_is_set_apart_in_arabic(
    client: Client, settings: Settings, db: None
) -> None:
    """In HTML by <bdi>, where a sentence came ready made and in plain text by isolating
    characters."""
    settings.MAIL_MODE = "hold"
    product = factories.make_product(name="Harbour lamp (brass)")
    factories.restock(product, 10, expected_on=TODAY)
    line = factories.order(product, 2, number="SO-1042/A")
    Order.objects.update(locale="ar-AE")
    services.receive(product, 1, restock=product.restocks.get(), now=NOON)
    services.ship(line.order, {line.pk: 1}, now=NOON, carrier="UPS", tracking_number="1Z-9")
    mail()
    message = Message.objects.get()
    act = link_token(line.order, Purpose.ACT)
    pages = [
        f"/o/{act}/",
        f"/preferences/{act}/",
        mine_url(line.order).removeprefix(settings.SITE_URL),
    ]
    for said in (
        message.subject,
        message.text,
        message.html,
        *(html_of(client, page) for page in pages),
    ):
        assert loose_names(said) == []


def loose_names(said: str) -> list[str]:
    """Names outside isolation. Tags, addresses and what the browser reads alone (a link's or a bold
    text) do not count."""
    said = re.sub(r"<style.*?</style>|<bdi\b.*?</bdi>|\u2068.*?\u2069", "", said, flags=re.DOTALL)
    said = re.sub(r"https?://\S+|mailto:\S+", "", re.sub(r"<[^>]*>", "|", said))
    return [said[max(said.index(name) - 60, 0) :][:150] for name in NAMES if name in said]
