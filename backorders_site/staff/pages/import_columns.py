"""A form for somebody who knows a file: which of its columns holds what, and what its words for the
state of an order mean."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders_site.staff.pages.import_fields import (
    kind_field,
    label_of,
    meaning_field,
    word_key,
)
from orders.imports.csv.statuses import (
    StatusWord,
    few_words,
    gone_columns,
    rows_of_lines,
    status_columns,
    words_of,
)
from orders.imports.csv.table import CsvTable, Unreadable
from orders.imports.sources.column_map import as_list
from orders.imports.sources.mapped_columns import KNOWN, NEEDED
from orders.imports.sources.named_columns import same
from orders.models import Upload

COLUMNS = [name for name in KNOWN if name != "status"]
STATUSES = ("status", "second_status")
# They say what became of single lines, and need no status beside them.
GONE = (
    *("shipped_at", "shipped_quantity", "remaining_quantity"),
    *("cancelled_at", "cancelled_quantity"),
)
NUMBER = re.compile(r"-?\d{1,6}([.,]0+)?")
ALSO_CALLED = {
    "order_number": ("order", "order id", "order no", "bestellnummer", "auftragsnummer"),
    "placed_at": (
        "order date",
        "date",
        "created at",
        "created",
        "date created",
        "bestelldatum",
        "datum",
    ),
    "paid_at": ("paid date", "date paid", "payment date"),
    "customer_email": ("email", "e-mail", "billing email", "customer e-mail"),
    "customer_name": ("name", "customer", "full name", "billing name"),
    "country": ("country code", "shipping country", "land"),
    "sku": ("item sku", "product sku", "lineitem sku", "artikelnummer"),
    "product_name": ("product", "item name", "product title", "item", "artikel"),
    "quantity": ("qty", "item quantity", "menge", "anzahl"),
    "shipped_at": (
        *("date shipped", "shipped date", "date shipped date", "shipped on", "shipped"),
        *("shipped on date", "fulfilled at", "fulfilled on", "completed date", "versandt am"),
        *("versendet am", "expédié le", "enviado el", "spedito il", "verzonden op"),
    ),
    "cancelled_at": (
        *("canceled at", "canceled on", "cancellation date", "date canceled"),
        *("storniert am", "stornodatum", "annulé le", "cancelado el", "annullato il"),
        *("geannuleerd op", "canceled"),
    ),
    "remaining_quantity": (
        *("fulfillable quantity", "line fulfillable quantity", "quantity remaining"),
        *("remaining", "open quantity", "qty open"),
    ),
    "shipped_quantity": (
        *("quantity shipped", "qty shipped", "shipped qty", "fulfilled quantity", "shipped"),
    ),
    "cancelled_quantity": (
        "quantity refunded",
        "qty refunded",
        "item refunded qty",
        "canceled quantity",
        "refunded quantity",
        "canceled",
    ),
}


class ColumnsForm(forms.Form):
    """The words of the status columns are fields of their own, asked as soon as these are named."""

    kind = kind_field(Upload.Kind.ORDERS)
    all_wait = forms.BooleanField(
        required=False,
        label=gettext_lazy("All orders in this file are waiting"),
        help_text=gettext_lazy(
            "Only for a file without a status column, where no order is unpaid, shipped, canceled "
            "or refunded. Every order joins the line."
        ),
    )

    def __init__(
        self, table: CsvTable, data: Mapping[str, Any] | None = None, *, known: Mapping[str, Any]
    ) -> None:
        """`known`: the column map that was made for such a file before; empty where there is
        none."""
        super().__init__(data)
        self.table, self.known = table, known
        self.header = list(dict.fromkeys(filter(None, table.header)))
        words = few_words(table)
        self.says = words
        self.looks_like_status = status_columns(words)
        self.looks_gone = gone_columns(table)
        self.only = rows_of_lines(words)
        self._add_columns()
        self.words = self._words()
        self.is_new_to_them = self._add_words()
        self.order_fields([*self.column_names, *(word_key(said.word) for said in self.words)])

    @property
    def column_names(self) -> list[str]:
        return ["kind", *COLUMNS, *STATUSES, "all_wait"]

    def columns(self) -> list[BoundField]:
        return [self[name] for name in self.column_names]

    def rows(self) -> list[tuple[BoundField, StatusWord]]:
        return [(self[word_key(said.word)], said) for said in self.words]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        named = list(filter(None, (cleaned.get(name) for name in STATUSES)))
        if cleaned.get("second_status") and len(set(named)) < 2:
            self.add_error(
                "second_status",
                _("Choose the first status column above, and a different one here."),
            )
        if cleaned.get("all_wait") and named:
            self.add_error(
                "all_wait",
                _(
                    "Choose the status column, or tick that all orders in this file are "
                    "waiting, but not both."
                ),
            )
        if not cleaned.get("all_wait") and not named:
            self._expect_what_became_of_orders(cleaned)
        if self.is_new_to_them:
            self.add_error(
                None,
                _("Choose below what each status word means, then check the file again."),
            )
        return cleaned

    def column_map(self) -> dict[str, Any]:
        """Of a valid form."""
        said = self.cleaned_data
        columns = {name: said[name] for name in COLUMNS if said[name]}
        kept = {name: value for name, value in self.known.items() if name == "time_formats"}
        if self.only:
            kept["only"] = {column: [word] for column, word in self.only.items()}
        if said["all_wait"]:
            return {**kept, "columns": columns, "all_wait": True}
        if not said["status"]:
            return {**kept, "columns": columns}
        groups: dict[str, list[str]] = {}
        for word in self.words:
            groups.setdefault(said[word_key(word.word)], []).append(word.word)
        status = " + ".join(filter(None, (said[name] for name in STATUSES)))
        return {**kept, "columns": {**columns, "status": status}, "status": groups}

    def _expect_what_became_of_orders(self, said: Mapping[str, Any]) -> None:
        """Columns that look as if they said it are never passed over in silence."""
        read = set(said.values())
        for column, words in self.looks_like_status.items():
            shown = ", ".join(word for word, _rows in words.most_common(4))
            self.add_error(
                "status",
                _(
                    "The column “%(column)s” says %(words)s. Choose it as the status column, or "
                    "tick that all orders in this file are waiting."
                )
                % {"column": column, "words": shown},
            )
            return
        for column in self.looks_gone.keys() - read:
            self.add_error(
                "status",
                _(
                    "The column “%(column)s” is filled on some rows. Choose it for what was "
                    "shipped or canceled, or tick that all orders in this file are waiting."
                )
                % {"column": column},
            )
            return
        if not any(said.get(name) for name in GONE):
            self.add_error(
                "status",
                _(
                    "Choose the column with the order status, or tick that all orders in this file "
                    "are waiting."
                ),
            )

    def _add_columns(self) -> None:
        columns = self.known.get("columns", {})
        by_name = {same(name): name for name in reversed(self.header)}
        choices = [("", "–"), *((column, column) for column in self.header)]
        statuses = (
            columns["status"].split(" + ")
            if columns.get("status")
            else _statuses_first(self.looks_like_status)
        )
        if self.known.get("all_wait"):
            statuses = []
            self.fields["all_wait"].initial = True
        for name in COLUMNS:
            names = (name, *ALSO_CALLED.get(name, ()))
            there = (by_name[same(each)] for each in names if same(each) in by_name)
            guessed = next((column for column in there if self._may_hold(name, column)), "")
            self.fields[name] = forms.ChoiceField(
                choices=choices,
                required=name in NEEDED,
                label=label_of(name),
                initial=columns.get(name, "") if columns else guessed,
            )
        for place, name in enumerate(STATUSES):
            self.fields[name] = forms.ChoiceField(
                choices=choices,
                required=False,
                initial=statuses[place] if place < len(statuses) else "",
            )
        self.fields["status"].label = _("Order status")
        self.fields["status"].help_text = _(
            "Tells which orders are waiting and which are shipped, canceled, refunded or not "
            "paid. You sort its words below."
        )
        self.fields["second_status"].label = _("Second status")
        self.fields["second_status"].help_text = _("If payment and shipping are in two columns.")

    def _may_hold(self, name: str, column: str) -> bool:
        """`Shipped` may say when, how many, or yes and no."""
        if name not in GONE:
            return True
        words = list(self.says.get(column, ()))
        are_numbers = [bool(NUMBER.fullmatch(word)) for word in words]
        if name.endswith("quantity"):
            return all(are_numbers)
        return not words or (not any(are_numbers) and any(map(str.isdigit, "".join(words))))

    def _words(self) -> list[StatusWord]:
        named = [name for name in map(self._chosen, STATUSES) if name in self.header]
        placed_at = self._chosen("placed_at")
        if not named:
            return []
        try:
            return words_of(
                self.table,
                list(dict.fromkeys(named)),
                head=placed_at if placed_at in self.header else "",
            )
        except Unreadable as error:
            self.fields["status"].help_text = str(error)
            return []

    def _chosen(self, name: str) -> str:
        return str(self.data.get(name, "") if self.is_bound else self.fields[name].initial)

    def _add_words(self) -> bool:
        """A choice for each word. Returns whether there are words that the sender of the form has
        not seen yet."""
        before = {
            word.casefold(): group
            for group, words in self.known.get("status", {}).items()
            for word in as_list(words)
        }
        unseen = [
            said for said in self.words if self.is_bound and word_key(said.word) not in self.data
        ]
        if unseen:
            guesses = {
                word_key(said.word): before.get(said.word.casefold()) or said.guess
                for said in unseen
            }
            self.data = (
                {**self.data.dict(), **guesses}
                if hasattr(self.data, "dict")
                else {**self.data, **guesses}
            )
        for said in self.words:
            meant = before.get(said.word.casefold()) or said.guess
            self.fields[word_key(said.word)] = meaning_field(said.word, meant)
        return bool(unseen)


def _statuses_first(columns: Iterable[str]) -> list[str]:
    """What is called a status before what only looks like one; of the order before of its
    payment."""
    return sorted(
        columns, key=lambda name: ("stat" not in name.casefold(), "order" not in name.casefold())
    )
