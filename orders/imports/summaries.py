"""What an import did, in sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orders.imports.shop_order import NO_TERMS

SHOWN = 20
WORDS_ASKED = 50

ORDERS = {"joined": "joined", "changed": "changed", "unchanged": "unchanged"}
LEFT_OUT = {
    "left_out_unpaid": "not paid yet",
    "left_out_closed": "canceled or refunded",
    "left_out_shipped": "shipped",
    "left_out_not_on_backorder": "without a product on backorder",
    "left_out_like_others": "with a SKU that is almost one here",
    "left_out_without_sku": "none of whose lines has a SKU",
    "left_out_not_shipped": "with nothing that is shipped",
    "left_out_without_lines": "with no units still to come",
    "left_out_strange": "with a word whose meaning isn't known",
}
ASKED = {
    "asked_units": "with units listed again",
    "asked_place": "with another country or region",
}
CLOSED = {"units_shipped": "shipped", "units_cancelled": "canceled"}
RESTOCKS = {
    "new": "new",
    "moved": "with new dates",
    "resized": "of another size",
    "unchanged": "unchanged",
    "cancelled_here": "canceled here and kept so",
    "left_out": "left out",
}
SHIPMENTS = {
    "recorded": "recorded",
    "numbered": "already shipped, tracking number added",
    "recorded_before": "already recorded",
    "not_here": "for orders or products that aren't in line here",
}
CHANGES = {
    "orders": ("joined", "changed", "lines_settled", "products_updated", "orders_for_a_person"),
    "restocks": ("new", "moved", "resized", "dates", "units_arrived", "history"),
    "shipments": ("recorded", "numbered"),
}
# what a file says and is neither here nor comes
NOT_HERE = (
    *(*LEFT_OUT, "other_orders", "not_on_backorder", "like_others", "lines_without_sku"),
    *("not_shipped", "left_out", "cancelled_here", "not_here"),
)


@dataclass(frozen=True, slots=True)
class Ways:
    """How somebody takes in what was left out, in words: products to join, lines without a SKU by
    their names, words of the file to say what they mean (`{word}`: one of them), quiet orders to
    release."""

    to_join: str
    to_name: str
    to_say: str
    to_release: str


def changes_anything(kind: str, counts: dict[str, Any]) -> bool:
    """`kind`: orders, restocks or shipments."""
    return any(counts.get(name) for name in CHANGES[kind])


def is_all_here(counts: dict[str, Any]) -> bool:
    """Of a file that changes nothing: it says something, and all of it is here already."""
    known = counts.get("unchanged") or counts.get("recorded_before")
    return bool(known) and not any(counts.get(name) for name in NOT_HERE)


def of_orders(counts: dict[str, Any], ways: Ways) -> list[str]:
    lines = [f"Orders: {counted(counts, ORDERS) or 'none joined or changed'}."]
    if left_out := _left_out(counts):
        lines.append(f"Orders left out: {left_out}.")
    lines += _words_to_say(counts, ways)
    if passed_over := counts.get("not_read"):
        lines.append(
            f"Not read, though it may say which orders don't wait: {'; '.join(passed_over)}."
        )
    if units := counted(counts, CLOSED):
        lines.append(f"Units closed, following the shop: {units}.")
    lines += _changed_in_shop(counts)
    if counts.get("other_orders"):
        orders = (
            "1 order whose number is"
            if counts["other_orders"] == 1
            else f"{counts['other_orders']:,} orders whose numbers are"
        )
        lines.append(
            f"Left out: {orders} already used by another order here. If you have two shops or "
            "number series, give them different numbers."
        )
        lines += counts["same_number"][:SHOWN]
    if counts.get("lines_settled"):
        lines.append(f"Lines settled: {counts['lines_settled']:,}.")
    lines += _lines_left_out(counts, ways)
    if missing := counts["not_in_file"]:
        lines.append(f"Not in the file: {', '.join(missing)}.")
    lines += _people(counts)
    if counts["quiet"] and counts.get("joined"):
        lines.append(
            "These orders are unreleased: no emails go out until you release them with "
            f"{ways.to_release}."
        )
    return lines


def _changed_in_shop(counts: Mapping[str, Any]) -> list[str]:
    lines = []
    if asked := counted(counts, ASKED):
        lines.append(f"Changed in the shop, to accept or reject on the desk: {asked}.")
    if counts.get("addresses_taken_over"):
        lines.append(
            f"Email addresses updated from the file: {counts['addresses_taken_over']:,}. Links "
            "sent before no longer work for these orders."
        )
    if counts.get("details_taken_over"):
        lines.append(
            "Names, and regions under the same law, updated from the file: "
            f"{counts['details_taken_over']:,}."
        )
    if counts.get("products_updated"):
        lines.append(
            "Product names, variants or pictures updated from the file: "
            f"{counts['products_updated']:,}."
        )
    return lines


def _lines_left_out(counts: Mapping[str, Any], ways: Ways) -> list[str]:
    lines = []
    if products := counts["not_on_backorder"]:
        shown = [f"{sku} ({number:,})" for sku, number in products.items()]
        lines.append(
            f"Lines left out because the product is not on backorder: {_some(shown)}. To include "
            f"them, use {ways.to_join}."
        )
    if near := counts.get("like_others"):
        shown = [f"{sku} ({number:,}; here {other})" for sku, (other, number) in near.items()]
        lines.append(
            f"Lines left out because their SKU is almost one that is here: {_some(shown)}. If it's "
            "the same product, correct the SKU in the file. If not, add the product first."
        )
    if counts.get("lines_without_sku"):
        lines.append(
            f"Lines left out because they have no SKU: {counts['lines_without_sku']:,}. To include "
            f"them by their names, use {ways.to_name}."
        )
    if never := counts.get("not_shipped"):
        shown = [f"{what} ({number:,})" for what, number in never.items()]
        lines.append(f"Lines left out because they are never shipped: {_some(shown)}.")
    return lines


def _left_out(counts: Mapping[str, Any]) -> str:
    words = dict(LEFT_OUT)
    if unpaid := counts.get("unpaid"):
        shown = "; ".join(f"{number:,} {terms}" for terms, number in unpaid.items())
        words["left_out_unpaid"] += f" ({shown})"
    return counted(counts, words)


def _words_to_say(counts: Mapping[str, Any], ways: Ways) -> list[str]:
    lines = []
    if strange := counts.get("strange_words"):
        shown = [f"{word} ({number:,})" for word, number in strange.items()]
        way = ways.to_say.format(word=f"{next(iter(strange))}=MEANING")
        lines.append(f"Words whose meaning isn't known: {_some(shown)}. Say it once with {way}.")
    if unpaid := [terms for terms in counts.get("unpaid", ()) if terms not in NO_TERMS]:
        way = ways.to_say.format(word=f"{word_to_say(unpaid[0])}=waiting")
        lines.append(f"If such orders join before they are paid, say so once with {way}.")
    return lines


def word_to_say(terms: str) -> str:
    """What somebody who lets such orders join says: how they are paid, else that they are not."""
    status, _comma, method = terms.partition(", ")
    return method or status


def words_found(counts: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    """What each word means now that the shop may say something of, and in how many orders it is;
    empty: nobody knows."""
    found: dict[str, tuple[str, int]] = {}
    for name, means in (("strange_words", ""), ("unpaid", "unpaid"), ("on_terms", "waiting")):
        for said, number in counts.get(name, {}).items():
            if said in NO_TERMS:
                continue
            word = word_to_say(said) if means else said
            before = found.get(word, (means, 0))
            found[word] = (before[0], before[1] + number)
    return dict(list(found.items())[:WORDS_ASKED])


def of_restocks(counts: dict[str, Any]) -> list[str]:
    lines = [f"Restocks: {counted(counts, RESTOCKS) or 'none'}; {counts['dates']:,} dates added."]
    if counts["units_arrived"]:
        lines.append(
            f"Units that arrived: {counts['units_arrived']:,}; reserved for orders: "
            f"{counts['units_set_aside']:,}."
        )
    if counts["units_shipped_before"]:
        lines.append(
            f"Units that had shipped before they were received: {counts['units_shipped_before']:,}."
        )
    if counts["history"]:
        lines.append(
            f"Arrivals from before the first order here: {counts['history']:,}. They count only "
            "for the supplier's record."
        )
    if new := counts.get("not_ordered"):
        shown = [f"{sku} ({other} is)" if other else sku for sku, other in new.items()]
        products = "1 product" if len(new) == 1 else f"{len(new):,} products"
        lines.append(f"{products} nobody has ordered here: {_some(shown)}.")
    if near := counts.get("like_others"):
        shown = [f"{sku} (here {other})" for sku, other in near.items()]
        lines.append(
            f"Left out because their SKU is almost one that is here: {_some(shown)}. If it's the "
            "same product, correct the SKU in the file. If not, add the product first."
        )
    return lines


def of_shipments(counts: dict[str, Any]) -> list[str]:
    lines = [f"Parcels: {counted(counts, SHIPMENTS) or 'none'}."]
    if counts["shipped_before"]:
        lines.append(
            f"Lines already shipped according to an orders export: {counts['shipped_before']:,}."
        )
    return lines + _people(counts)


def _some(words: list[str]) -> str:
    more = f" and {len(words) - SHOWN:,} more" if len(words) > SHOWN else ""
    return ", ".join(words[:SHOWN]) + more


def _people(counts: dict[str, Any]) -> list[str]:
    people = counts["needs_a_person"]
    if not people:
        return []
    shown = ", ".join(list(people)[:SHOWN]) + (" …" if len(people) > SHOWN else "")
    number = counts["orders_for_a_person"]
    orders = "1 order" if number == 1 else f"{number:,} orders"
    return [f"Needs attention: {orders} ({shown})."]


def counted(counts: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """`12 joined, 3 changed`: the counts that are not 0, in the order of `words`."""
    return ", ".join(f"{counts[name]:,} {word}" for name, word in words.items() if counts.get(name))
