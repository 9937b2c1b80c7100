"""What the forms of an import ask, whatever the file holds."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders_site.staff.words import Text
from orders.imports.csv.statuses import StatusWord
from orders.imports.csv.table import CsvTable
from orders.imports.sources.named_columns import KINDS, guessed
from orders.models import ShopWord, Upload

LABELS: Mapping[str, Text] = {
    "sku": "SKU",
    "cancelled_quantity": gettext_lazy("Canceled or refunded quantity"),
    "shipped_at": gettext_lazy("Shipped at (filled once shipped)"),
    "cancelled_at": gettext_lazy("Canceled at (filled once canceled)"),
    "remaining_quantity": gettext_lazy("Quantity still to come"),
}
REMEMBERED = 20  # files whose columns were named, newest first


class OtherColumnsForm(forms.Form):
    """Which column of a file of restocks or shipments holds what."""

    def __init__(
        self,
        table: CsvTable,
        data: Mapping[str, Any] | None = None,
        *,
        kind: str,
        known: Mapping[str, Any],
    ) -> None:
        super().__init__(data)
        self.fields["kind"] = kind_field(kind)
        columns = known.get("columns") or guessed(kind, table.header)
        choices = [("", "–"), *((name, name) for name in dict.fromkeys(filter(None, table.header)))]
        for name in KINDS[kind].known:
            self.fields[name] = forms.ChoiceField(
                choices=choices,
                required=name in KINDS[kind].needed,
                label=label_of(name),
                initial=columns.get(name, ""),
            )

    def columns(self) -> list[BoundField]:
        return list(self)

    def column_map(self) -> dict[str, Any]:
        """Of a valid form."""
        said = self.cleaned_data
        return {"columns": {name: said[name] for name in said if name != "kind" and said[name]}}


class WordsForm(forms.Form):
    """What the words of a checked file mean that it leaves open."""

    def __init__(self, row: Upload, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.found = [StatusWord(word, *said) for word, said in row.words_found.items()]
        for said in self.found:
            self.fields[word_key(said.word)] = meaning_field(said.word, said.guess, required=False)

    def rows(self) -> list[tuple[BoundField, StatusWord]]:
        return [(self[word_key(said.word)], said) for said in self.found]

    def said(self) -> dict[str, str]:
        """Of a valid form: what is another meaning than before."""
        chosen = {said.word: self.cleaned_data[word_key(said.word)] for said in self.found}
        before = {said.word: said.guess for said in self.found}
        return {word: means for word, means in chosen.items() if means and means != before[word]}


def kind_field(kind: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=Upload.Kind.choices,
        required=False,
        initial=kind,
        label=gettext_lazy("This file contains"),
        help_text=gettext_lazy("If you change it, the columns to choose change with it."),
    )


def meaning_field(word: str, meant: str, *, required: bool = True) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=[("", "–"), *ShopWord.Means.choices],
        required=required,
        label=word or _("(nothing)"),
        initial=meant,
    )


def word_key(word: str) -> str:
    return "word-" + hashlib.sha256(word.casefold().encode()).hexdigest()[:12]


def label_of(column: str) -> Text:
    return LABELS.get(column, capfirst(column.replace("_", " ")))


def known_map(header: Sequence[str], kind: str) -> Mapping[str, Any]:
    """What was chosen for the newest file of this kind with all of these columns."""
    there = {name.casefold() for name in header}
    named = Upload.objects.filter(kind=kind, column_map__isnull=False).order_by("-pk")
    for column_map in named.values_list("column_map", flat=True)[:REMEMBERED]:
        columns = (column_map or {}).get("columns", {})
        simple = all(isinstance(theirs, str) for theirs in columns.values())
        if (
            simple
            and {part.casefold() for theirs in columns.values() for part in theirs.split(" + ")}
            <= there
        ):
            return column_map or {}
    return {}
