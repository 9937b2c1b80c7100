from django.conf import settings
from django.http import HttpRequest

from backorders_site.look import theme


def shop(request: HttpRequest) -> dict[str, object]:
    """What every page says about the shop, and how it looks."""
    return {
        "shop_name": settings.SHOP_NAME,
        "support_email": settings.SUPPORT_EMAIL,
        "shop_address": settings.SHOP_ADDRESS,
        "imprint_url": settings.IMPRINT_URL,
        "privacy_url": settings.PRIVACY_URL,
        "demo": settings.DEMO,
        "stylesheet_url": theme.stylesheet_url(),
        "icon_url": theme.icon_url(),
        "logo_url": theme.logo_url(),
        "languages": settings.LANGUAGES,
    }
