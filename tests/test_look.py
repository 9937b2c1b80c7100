"""A shop's own look, and the style guide."""

import re
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from backorders_site.config.checks import settings_make_sense
from backorders_site.look.theme import MAX_LOGO_BYTES
from orders import colors
from orders.colors import TEXT_CONTRAST, colour, contrast, dark_accents
from tests.html import flat

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8z"/></svg>'


def sheet(client: Client) -> str:
    """The one stylesheet that the look-up names."""
    [address] = re.findall(
        r'<link rel="stylesheet" href="([^"]+)"', client.get("/").content.decode()
    )
    response = client.get(address)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/css; charset=utf-8"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    return response.content.decode()


def test_without_settings_the_sheet_is_the_file(client: Client) -> None:
    assert sheet(client) == Path("static/css/site.css").read_text()


def test_the_colours_reckoned_with_are_those_of_the_sheet() -> None:
    css = Path("static/css/site.css").read_text()
    light, dark = css.split("@media (prefers-color-scheme: dark)")[:2]
    named = {
        name: getattr(colors, name)
        for name in ("LIGHT_PAPER", "LIGHT_CARD", "DARK_PAPER", "DARK_CARD")
    }
    for name, value in named.items():
        theme, token = name.lower().split("_")
        assert f"--{token}: {value};" in (light if theme == "light" else dark)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_house_colours_can_be_read(theme: str) -> None:
    tokens_only = Path("static/css/site.css").read_text().partition("@layer base {")[0]
    parts = tokens_only.split("@media (prefers-color-scheme: dark)")
    tokens = {
        name: colour(value)
        for name, value in re.findall(
            r"--([\w-]+): (#[0-9a-f]{3,6});", parts[0 if theme == "light" else 1]
        )
    }
    for text in ("ink", "soft", "accent", "late"):
        for ground in ("paper", "card"):
            assert contrast(tokens[text], tokens[ground]) >= TEXT_CONTRAST, (text, ground)
    assert contrast(tokens["on-accent"], tokens["accent"]) >= TEXT_CONTRAST
    for ground in ("accent-soft", "late-soft"):
        assert contrast(tokens["ink"], tokens[ground]) >= TEXT_CONTRAST
        assert contrast(tokens["soft"], tokens[ground]) >= TEXT_CONTRAST
    for ground in ("paper", "card"):
        assert contrast(tokens["edge"], tokens[ground]) >= 3


def test_a_shop_wears_its_own_colour_and_font(client: Client, settings: Settings) -> None:
    before = client.get("/").content
    settings.SHOP_COLOUR = "#1a4b8c"
    settings.SHOP_FONT = "Avenir Next, Montserrat, sans-serif"
    # another address, so that no browser shows the old one
    assert client.get("/").content != before
    own = sheet(client).split("@layer tokens {")[-1]
    assert "--accent: #1a4b8c;" in own
    assert "--sans: Avenir Next, Montserrat, sans-serif;" in own
    assert (
        f"--accent: {dark_accents(colour('#1a4b8c')).accent};"
        in own.split("prefers-color-scheme: dark")[1]
    )


@pytest.mark.parametrize(
    "words", ["#17604f", "#1a4b8c", "#b3261e", "#5b2a86", "#000", "#004d00", "#7a0046"]
)
def test_the_dark_shade_of_any_colour_can_be_read(words: str) -> None:
    accents = dark_accents(colour(words))
    for ground in (colors.DARK_PAPER, colors.DARK_CARD, accents.soft, accents.text):
        assert contrast(accents.accent, ground) >= TEXT_CONTRAST
    assert contrast(colors.DARK_INK, accents.soft) >= TEXT_CONTRAST


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SHOP_COLOUR", "green", "SHOP_COLOUR='green' is not a color"),
        ("SHOP_COLOUR", "#12345", "is not a color"),
        ("SHOP_COLOUR", "#e8730c", "is too light to read"),
        ("SHOP_FONT", "Inter", "is not a list of font families"),
        ("SHOP_FONT", "x; } body { display: none } y, serif", "is not a list of font families"),
        ("SHOP_LOGO", "/nowhere/logo.svg", "is not there"),
        ("SHOP_LOGO", "/etc/passwd", "is not a picture"),
    ],
)
def test_a_look_that_cannot_work_is_refused_at_start_up(
    settings: Settings, name: str, value: str, said: str
) -> None:
    setattr(settings, name, value)
    [problem] = settings_make_sense()
    assert said in problem.msg
    assert problem.hint


def test_a_logo_is_served_from_here_and_kept(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    logo = tmp_path / "Our Logo.svg"
    logo.write_text(SVG)
    settings.SHOP_LOGO = str(logo)
    assert settings_make_sense() == []
    page = flat(client.get("/").content.decode())
    [address] = re.findall(r'<img src="([^"]+)" alt="[^"]+" height="32">', page)
    response = client.get(address)
    assert (response.content.decode(), response["Content-Type"]) == (SVG, "image/svg+xml")
    assert "immutable" in response["Cache-Control"]
    assert "script-src 'self'" in response["Content-Security-Policy"]
    logo.write_text(SVG.replace("8z", "7z"))
    assert client.get(address)["Cache-Control"] == "no-cache"


def test_a_logo_too_heavy_for_a_page_is_refused(settings: Settings, tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    logo.write_bytes(b"x" * (MAX_LOGO_BYTES + 1))
    settings.SHOP_LOGO = str(logo)
    [problem] = settings_make_sense()
    assert "is too large" in problem.msg


def test_no_logo_and_no_file_besides_it(client: Client, settings: Settings, tmp_path: Path) -> None:
    assert client.get("/look/logo.abc.svg").status_code == 404
    logo = tmp_path / "logo.svg"
    logo.write_text(SVG)
    settings.SHOP_LOGO = str(logo)
    assert client.get("/look/logo.abc.png").status_code == 404
