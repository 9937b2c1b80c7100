"""A file of orders: each order is made here what it is in the file."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from orders import services
from orders.imports.csv.order_rows import Dialect, OrderRows
from orders.imports.csv.remaining import apply_remaining
from orders.imports.csv.statuses import expect_all_read
from orders.imports.csv.table import CsvTable
from orders.imports.products import ProductSelection
from orders.imports.reconcile import Reconciled, Reconciliation
from orders.imports.run import ImportRun
from orders.imports.shop_order import ShopOrder

BATCH = 1000
NUMBERS_KEPT = 1000


def import_orders(
    run: ImportRun,
    table: CsvTable,
    dialect: Dialect,
    selection: ProductSelection,
    *,
    remaining: CsvTable | None = None,
) -> dict[str, Any]:
    """Counts of what was done. NothingWritten where rows are bad and not to be skipped."""
    not_read: list[str] = []
    if dialect.mapped or dialect.status_expected:
        not_read = expect_all_read(
            table,
            [*dialect.required, *dialect.optional],
            mapped=dialect.mapped,
            expected=dialect.status_expected,
        )
    file = OrderRows(table, dialect, now=run.now)
    for _ in file.orders(run.bad):
        pass
    run.stop_if_bad()

    def write() -> dict[str, Any]:
        services.lock_orders(file.numbers)
        services.learn_words(dialect.sayings.words_said, now=run.now)
        reconciliation = Reconciliation(run.now, selection, imported_by=run.row)
        tally = _Tally(run, not_read)
        done = 0
        for batch in _batches(file.orders(lambda row, error: None, tally.add_strange)):
            rows = {order.number: row for row, order in batch}
            for it in reconciliation.write(order for _, order in batch):
                tally.add(it, rows[it.there.number])
            done += sum(len(order.by_sku) + order.nameless for _, order in batch)
            run.progress(min(done, file.rows), file.rows)
        tally.attention.update(reconciliation.serve())
        tally.counts["products_updated"] += reconciliation.shown
        if remaining:
            apply_remaining(remaining, run, tally.counts)
        return tally.report(reconciliation)

    return run.perform("import_orders", write, sha256=table.sha256())


@dataclass(slots=True)
class _Tally:
    """Counts every order of the file exactly once."""

    run: ImportRun
    not_read: Sequence[str]  # columns, in sentences
    counts: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)  # lines by SKU
    not_shipped: Counter[str] = field(default_factory=Counter)  # lines by SKU or name
    unpaid: Counter[str] = field(default_factory=Counter)  # orders left out, by their terms
    on_terms: Counter[str] = field(default_factory=Counter)  # orders not left out
    strange: Counter[str] = field(default_factory=Counter)  # orders by word
    attention: Counter[str] = field(default_factory=Counter)  # new texts by order number
    others: list[str] = field(default_factory=list)  # orders whose number another has here
    seen: set[str] = field(default_factory=set)  # SKUs of the file

    def add_strange(self, row: int, number: str, words: Sequence[str]) -> None:
        self.counts["left_out_strange"] += 1
        self.strange.update(dict.fromkeys(words).keys())
        shown = ", ".join(map(repr, dict.fromkeys(words)))
        self.run.conflicts.append(
            f"{self.run.file}:{row}: order {number} says {shown}: it isn't known what that means; "
            "the order was left out"
        )

    def add(self, it: Reconciled, row: int) -> None:
        if it.texts:
            self.attention[it.number] += it.texts
        if it.done == "other_order":
            self.counts["other_orders"] += 1
            if len(self.others) < NUMBERS_KEPT:
                self.others.append(f"{self.run.file}:{row}: {it.another}")
            return
        self.counts[it.done] += 1
        self.counts.update(it.counts)
        self.left_out.update(it.left_out)
        self.seen.update(it.there.by_sku)
        self.counts["lines_without_sku"] += it.there.nameless
        self.not_shipped.update(it.there.not_shipped)
        if it.there.terms:
            (self.unpaid if it.there.state == "unpaid" else self.on_terms)[it.there.terms] += 1
        self.run.conflicts += [
            f"{self.run.file}:{row}: order {it.number}: {text}" for text in it.conflicts
        ]
        if it.refused:
            self.run.bad(row, it.refused)

    def report(self, done: Reconciliation) -> dict[str, Any]:
        like_others = {
            sku: [other, self.left_out.pop(sku, 0)] for sku, other in done.products.near.items()
        }
        return {
            **{name: number for name, number in sorted(self.counts.items()) if number},
            "quiet": done.quiet,
            "not_on_backorder": dict(self.left_out.most_common()),
            **({"like_others": like_others} if like_others else {}),
            "orders_for_a_person": len(self.attention),
            "needs_a_person": dict(self.attention.most_common(NUMBERS_KEPT)),
            **({"same_number": self.others} if self.others else {}),
            **({"not_read": self.not_read} if self.not_read else {}),
            **{
                name: dict(found.most_common(NUMBERS_KEPT))
                for name, found in (
                    ("not_shipped", self.not_shipped),
                    ("unpaid", self.unpaid),
                    ("on_terms", self.on_terms),
                    ("strange_words", self.strange),
                )
                if found
            },
            "not_in_file": sorted(done.selection.skus - self.seen),
        }


def _batches(
    orders: Iterator[tuple[int, ShopOrder]],
) -> Iterator[list[tuple[int, ShopOrder]]]:
    while batch := list(islice(orders, BATCH)):
        yield batch
