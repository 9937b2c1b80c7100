from orders.domain.facts import ALL_ORDERS, DAY_PASSED
from orders.models.notes import Note, Word
from orders.models.notices import BINDING, TO_COME, Answer, Choice, DelayNotice, Outcome
from orders.models.orders import (
    Allocation,
    Import,
    Order,
    OrderLine,
    Refund,
    Release,
    Shipment,
    ShipmentLine,
)
from orders.models.promises import (
    Event,
    EventKind,
    Forecast,
    Promise,
    QueueChange,
    QueueCount,
    Run,
    WindowKind,
)
from orders.models.shop_changes import ShopChange
from orders.models.shop_tasks import ShopTask
from orders.models.supply import (
    Discontinuation,
    Product,
    Reason,
    Receipt,
    Restock,
    RestockDate,
    Shortening,
    Stock,
    Supplier,
)
from orders.models.uploads import Upload

__all__ = [
    "ALL_ORDERS",
    "BINDING",
    "DAY_PASSED",
    "TO_COME",
    "Allocation",
    "Answer",
    "Choice",
    "DelayNotice",
    "Discontinuation",
    "Event",
    "EventKind",
    "Forecast",
    "Import",
    "Note",
    "Order",
    "OrderLine",
    "Outcome",
    "Product",
    "Promise",
    "QueueChange",
    "QueueCount",
    "Reason",
    "Receipt",
    "Refund",
    "Release",
    "Restock",
    "RestockDate",
    "Run",
    "Shipment",
    "ShipmentLine",
    "ShopChange",
    "ShopTask",
    "Shortening",
    "Stock",
    "Supplier",
    "Upload",
    "WindowKind",
    "Word",
]
