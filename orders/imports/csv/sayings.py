"""What the shop has said of its exports, and what follows for every later one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from orders.domain import keys
from orders.imports.csv.statuses import plain
from orders.imports.values import BadValue
from orders.models import Product, ShopWord


@dataclass
class Sayings:
    """`by_name`: a line without a SKU goes by its product's name. A name that went so before needs
    not be said again. `said`: what words of the export mean ({word: one of statuses.GROUPS}), for
    now and later."""

    by_name: bool = False
    said: Mapping[str, str] = field(default_factory=dict)

    def sku_of(self, name: str, column: str) -> str:
        """What a line without a SKU goes by; empty where it is left out."""
        try:
            sku = keys.key_of_name(name)
        except keys.BadKey as error:
            if self.by_name:
                raise BadValue(str(error), column) from None
            return ""
        return sku if self.by_name or sku in self._known else ""

    def meaning_of(self, word: str) -> str:
        """Empty: nobody has said it."""
        return self._words.get(plain(word), "") if word else ""

    @property
    def words_said(self) -> Mapping[str, str]:
        return {plain(word): means for word, means in self.said.items()}

    @cached_property
    def _known(self) -> Collection[str]:
        return frozenset(Product.objects.values_list("sku", flat=True))

    @cached_property
    def _words(self) -> Mapping[str, str]:
        before = dict(ShopWord.objects.values_list("word", "means"))
        return {**before, **self.words_said}
