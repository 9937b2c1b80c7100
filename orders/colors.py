"""A shop's one color, and the shades its pages need of it, by the contrast that WCAG 2.2 asks of
text."""

import re
from colorsys import hls_to_rgb, rgb_to_hls
from dataclasses import dataclass

TEXT_CONTRAST = 4.5
COMFORT = 5.5  # what we make ourselves is a little easier to read than that
SHADES = 100  # steps of lightness from black to white
CALM = 0.55  # saturation of a light color on a dark page, at most


@dataclass(frozen=True, slots=True)
class Color:
    red: int
    green: int
    blue: int

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    @property
    def luminance(self) -> float:
        """Relative luminance, 0 to 1 (WCAG 2.2)."""
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in (self.red / 255, self.green / 255, self.blue / 255)
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def towards(self, other: "Color", share: float) -> "Color":
        """`share` 0: this color, 1: the other."""
        return Color(
            *(
                round(mine + (theirs - mine) * share)
                for mine, theirs in zip(
                    (self.red, self.green, self.blue),
                    (other.red, other.green, other.blue),
                    strict=True,
                )
            )
        )


def colour(words: str) -> Color:
    """From #rgb or #rrggbb; ValueError for anything else."""
    if not re.fullmatch("#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", words):
        raise ValueError(f"{words!r} is not a color: expected #rrggbb")
    digits = (
        words[1:] if len(words) == len("#rrggbb") else "".join(digit * 2 for digit in words[1:])
    )
    return Color(*bytes.fromhex(digits))


def contrast(one: Color, other: Color) -> float:
    """1 (none) to 21."""
    darker, lighter = sorted((one.luminance, other.luminance))
    return (lighter + 0.05) / (darker + 0.05)


WHITE = Color(255, 255, 255)
# As static/css/site.css has them.
LIGHT_PAPER, LIGHT_CARD, LIGHT_INK = colour("#f7f4ee"), colour("#fffefb"), colour("#24211c")
DARK_PAPER, DARK_CARD, DARK_INK = colour("#171512"), colour("#211e1a"), colour("#f1ebe0")


@dataclass(frozen=True, slots=True)
class Accents:
    """The color of what one can press and of the last day, a tint of it behind text, and text on
    the color."""

    accent: Color
    soft: Color
    text: Color


def weakest_contrast(accent: Color) -> float:
    """The lowest contrast of a light page: the color on paper, card and its own tint, and white on
    the color."""
    tint = LIGHT_CARD.towards(accent, 0.14)
    return min(contrast(accent, ground) for ground in (LIGHT_PAPER, LIGHT_CARD, tint, WHITE))


def light_accents(accent: Color) -> Accents:
    return Accents(accent, LIGHT_CARD.towards(accent, 0.14), WHITE)


def dark_accents(accent: Color) -> Accents:
    """The same hue, as much lighter as it takes on a dark page."""
    hue, lightness, saturation = rgb_to_hls(accent.red / 255, accent.green / 255, accent.blue / 255)
    for step in range(round(lightness * SHADES), SHADES + 1):
        parts = hls_to_rgb(hue, step / SHADES, min(saturation, CALM))
        lighter = Color(*(round(part * 255) for part in parts))
        tint = DARK_CARD.towards(lighter, 0.22)
        if min(contrast(lighter, ground) for ground in (DARK_PAPER, DARK_CARD, tint)) >= COMFORT:
            break
    return Accents(lighter, tint, DARK_PAPER)
