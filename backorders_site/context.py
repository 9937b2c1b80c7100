from django.conf import settings
from django.http import HttpRequest


def shop(request: HttpRequest) -> dict[str, object]:
    """What every page says about the shop."""
    return {"shop_name": settings.SHOP_NAME, "support_email": settings.SUPPORT_EMAIL, "demo": settings.DEMO}
