"""What the demo shop sells, who makes it, and to whom it goes."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.templatetags.static import static

from orders.models import Product


@dataclass(frozen=True)
class Maker:
    """A supplier and its habit: how many days late, drawn evenly from `slips`."""

    name: str
    slips: tuple[int, ...]


@dataclass(frozen=True)
class Good:
    sku: str
    name: str
    maker: Maker
    orders_a_day: float
    lot: int
    every: int  # days between deliveries
    price: str
    variant: str = ""

    @property
    def picture(self) -> str:
        drawing = self.sku.partition("-")[0].lower()
        return f"{settings.SITE_URL}{static(f'demo/{drawing}.svg')}"


LANTERNS = Maker("Lindqvist Lanterns", (0, 0, 0, 1, 1, 2, 0, 3, 0, 0, 5, -1))
WEAVERS = Maker("Baltic Weavers", (0, 0, 2, 4, 7, 0, 1, 9, 3, 12))
KILN = Maker("Kiln & Sons", (0, 7, 14, 21, 3, 10, 0, 28, 5))
JOINERY = Maker("Orkney Joinery", (0, 0, 0, 0, 1, 0, 2, 0))
CLOCKS = Maker("Zeitgut Uhren", (0, 1, 0, 0, 3, 6, 0, 2))
FORGE = Maker("Forge du Ponant", (5, 0, 30, 12, 60, 0, 45, 3, 90, 20))
SAILMAKER = Maker("Penrose Sailmakers", (0, 0, 1, 4, 0, 2, 8, 0))
MAKERS = (LANTERNS, WEAVERS, KILN, JOINERY, CLOCKS, FORGE, SAILMAKER)

LAMP = Good("LAMP-HARBOUR", "Harbor lamp", LANTERNS, 0, 60, 0, "149.00", "brass")
STOVE = Good("STOVE-SKERRY", "Skerry camp stove", FORGE, 1.2, 67, 35, "89.00")
GOODS = (
    Good("BLANKET-TIDE", "Tideline wool blanket", WEAVERS, 9, 260, 18, "120.00", "sea blue"),
    Good("KETTLE-GULL", "Gull kettle", KILN, 6, 200, 21, "68.00", "1.5 liters"),
    Good("BOWL-SHORE", "Shoreline bowls", KILN, 4, 154, 24, "56.00", "set of four"),
    Good("CHAIR-DRIFT", "Driftwood deck chair", JOINERY, 5, 112, 14, "175.00"),
    Good("BENCH-QUAY", "Quay bench", JOINERY, 2, 51, 16, "340.00", "larch"),
    Good("CLOCK-TERN", "Tern wall clock", CLOCKS, 4, 96, 15, "95.00"),
    Good("RUG-MARRAM", "Marram rug", WEAVERS, 3, 105, 22, "260.00", "140 × 200 cm"),
    Good("TENT-DUNE", "Dune beach tent", SAILMAKER, 4, 109, 17, "130.00"),
    STOVE,
)

PRICES = {good.sku: Decimal(good.price) for good in (LAMP, *GOODS)}
CURRENCY = "USD"

ADA, ADA_STANDS = "Ada Okafor", 37
FIRST_NAMES = (
    *("Ada", "Björn", "Chidi", "Dolores", "Emeka", "Fatima", "Grace", "Hiroshi"),
    *("Ines", "Jonas", "Khadija", "Liam", "Maren", "Noor", "Oluwaseun", "Priya"),
)
LAST_NAMES = (
    *("Adeyemi", "Berg", "Costa", "Dietrich", "Evans", "Fischer", "Garcia", "Hassan"),
    *("Ito", "Jensen", "Kowalski", "Laurent", "Meyer", "Novak", "Okafor"),
)
COUNTRIES = (
    *(("US", "en-US", 50), ("GB", "en-GB", 15), ("DE", "de-DE", 15)),
    *(("FR", "fr-FR", 6), ("CA", "en-CA", 8), ("AE", "ar-AE", 6)),
)
CARRIERS = (("UPS", "1Z999AA1{:010d}"), ("DHL", "JD0146{:012d}"), ("DPD", "0998{:010d}"))


def lamp() -> Product:
    return Product.objects.get(sku=LAMP.sku)
