"""Files as shops and warehouses hand them over."""

from collections.abc import Callable

Load = Callable[..., None]  # of a command, with a header and rows: the fixture load

RESTOCKS = (
    "reference,sku,supplier,quantity,expected_on,posted_on,reason,arrived_on,quantity_arrived,"
    "known_on"
)
SHIPMENTS = "order_number,sku,quantity,shipped_at,carrier,tracking_number"
EXPORT = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Created at,Lineitem "
    "quantity,Lineitem name,"
    "Lineitem sku,Lineitem fulfillment status,Cancelled at,Shipping Name,Shipping "
    "Country,Shipping Province,Refunded Amount,"
    "Currency"
)


def fulfilled(number: str, at: str = "2026-11-02 08:00:00 -0500") -> str:
    return (
        f"#{number},ada@example.com,paid,2026-11-01 10:00:00 -0500,fulfilled,{at},2026-11-01 "
        "10:00:00 -0500,1,LAMP,LAMP,"
        "fulfilled,,Ada Lovelace,US,NY,0.00,USD"
    )
