"""What every admin page here shares: rows change through services, history is read-only, a record
shows its tables."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from html import unescape
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import label_for_field, lookup_field
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import Exists, Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.html import format_html, strip_tags
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backorders_site.staff.actions.base import Action, NewRow
from backorders_site.staff.csv_export import sheet
from backorders_site.staff.finding import KEYS_OF
from backorders_site.staff.preview import rehearse
from backorders_site.staff.words import Text
from orders import clock, queue
from orders.services import Refused

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

COUNTED_AT_ONCE = 3000  # lines whose promises are compared within a second, on a slow machine
AT_ONCE = 100  # rows; more at a time belong into an import
ROWS_AT_ONCE = 1000  # of a sheet, read together


@dataclass(frozen=True)
class RecordTable:
    """Rows that belong to a record and are read-only here. People who may not view `model` do not
    see it."""

    title: Text
    model: type[Model]
    columns: Sequence[Text]
    rows: Sequence[Sequence[object]]

    def labelled(self) -> list[list[tuple[Text, object]]]:
        """Cells with their columns, for a phone that shows each row as a list."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Button:
    label: Text
    url: str
    dangerous: bool = False


def link(row: Model, label: object = None) -> SafeString:
    """A link to a row's admin page."""
    url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', url, row if label is None else label)


def moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")


def list_url(model: type[Model], **filters: object) -> str:
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    query = QueryDict(mutable=True)
    query.update({name: str(value) for name, value in filters.items()})
    return f"{url}?{query.urlencode()}" if filters else url


class ConditionFilter(admin.SimpleListFilter):
    """A filter whose every choice is a condition. The desk counts by the same conditions."""

    @classmethod
    def conditions(cls) -> dict[str, tuple[Text, Q | Exists]]:
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        return [(value, label) for value, (label, _condition) in self.conditions().items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.conditions().get(self.value() or "")
        return queryset.filter(chosen[1]) if chosen else queryset


def actor_of(request: HttpRequest, permission: str) -> str:
    """The name that a service records with what it does. Raises PermissionDenied for people who may
    not do it, and WrongClock where this machine's clock is wrong, because what staff do is recorded
    with the time."""
    if not request.user.has_perm(permission):
        raise PermissionDenied
    clock.refuse_wrong_clock()
    return request.user.get_username()


def sees_addresses(request: HttpRequest) -> bool:
    """Customers' email addresses are for those who answer customers: no list, search or filter
    reveals one to others."""
    return request.user.has_perm("orders.view_address")


def may(request: HttpRequest, act: type[Action]) -> bool:
    return request.user.has_perm(act.permission)


FAR = 1000  # rows
COUNTED = 10_000  # rows


class FarPaginator(Paginator):  # type: ignore[type-arg]
    """Of a long list: what is more than COUNTED is not counted but estimated by the database
    (`is_about`), and far down only keys are skipped, not rows with all that they are joined to."""

    is_about = False

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        counted = rows.order_by()[: COUNTED + 1].count()
        if counted <= COUNTED:
            return counted
        self.is_about = True
        return max(counted, _estimated(rows))

    def page(self, number: int | str) -> "Page[Any]":
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        rows: Any = self.object_list
        if first >= FAR and isinstance(rows, QuerySet):
            keys = list(rows.values_list("pk", flat=True)[first : first + self.per_page])
            return Page(rows.filter(pk__in=keys), number, self)
        return super().page(number)


def _estimated(rows: QuerySet[Any]) -> int:
    """As the database's planner expects."""
    (plan,) = json.loads(rows.order_by().values("pk").explain(format="json"))
    return int(plan["Plan"]["Plan Rows"])


class BackordersAdmin(ModelAdmin):
    paginator = FarPaginator
    explanation: ClassVar[Text] = ""  # of the list
    acts: ClassVar[Sequence[type[Action]]] = ()
    tables: ClassVar[list[Callable[[Any], RecordTable]]] = []
    adding: ClassVar[type[NewRow] | None] = None
    change_form_template = "staff/admin/record.html"
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # a COUNT for every filter
    list_per_page = 50

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nothing is deleted here: what was wrong is corrected, and people are erased by a command
        of their own."""
        return False

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Only what the form changed: services may have counted units in the same row since it was
        read."""
        if not change:
            obj.save()
        elif form.changed_data:
            obj.save(update_fields=form.changed_data)

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        fields = [*super().get_search_fields(request)]
        return (
            fields
            if sees_addresses(request)
            else [field for field in fields if not field.endswith("email")]
        )

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Django lets an address bar filter by any column of the table."""
        if "email" in lookup.split("__") and not sees_addresses(request):
            return False
        return super().lookup_allowed(lookup, value, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """What is in other tables is found there first, through its index. A join could read them
        whole."""
        fields = self.get_search_fields(request)
        term = " ".join(search_term.replace("\0", "").split())
        if not term or not all(
            field.startswith("=") and field.rpartition("__")[2] in KEYS_OF for field in fields
        ):
            return super().get_search_results(request, queryset, search_term)
        found = Q(pk__in=[])
        for field in fields:
            to, _of, name = field.removeprefix("=").rpartition("__")
            if keys := [*KEYS_OF[name](term).values_list("pk", flat=True)]:
                found |= Q(**{f"{to}__in": keys})
        return queryset.filter(found), False

    def links(self, obj: Any) -> list[Button]:
        """Where else to go from a record."""
        return []

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Model | None = None,
    ) -> HttpResponse:
        if obj is not None:
            context["buttons"] = [*self.buttons(request, obj), *self.links(obj)]
            context["tables_inside"] = len(self.get_fieldsets(request, obj)) > 1
            context["tables"] = [
                table
                for table in (make(obj) for make in self.tables)
                if self._may_see(request, table)
            ]
        return super().render_change_form(request, context, add, change, form_url, obj)

    def buttons(self, request: HttpRequest, obj: Model, *, back: str = "") -> list[Button]:
        """The actions this person may do to a record now. `back`: the page that offers them, where
        they lead back to."""
        return [
            Button(act.label, self.act_url(act, [obj.pk], back=back), dangerous=act.dangerous)
            for act in self.acts
            if may(request, act) and act.offered(obj)
        ]

    def _may_see(self, request: HttpRequest, table: RecordTable) -> bool:
        return self.admin_site.get_model_admin(table.model).has_view_permission(request)

    # The list as a sheet

    def read_for_list(self, rows: Sequence[Any]) -> None:
        """Read at once what the columns of the list need of all these rows."""

    def csv_view(self, request: HttpRequest) -> HttpResponseBase:
        """All rows of the list as it is filtered and searched, with its columns."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            listed = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(list_url(self.model))
        columns = [column for column in listed.list_display if column != "action_checkbox"]
        rows = listed.get_queryset(request)
        return sheet(
            str(self.opts.verbose_name_plural).replace(" ", "-"),
            [str(label_for_field(column, self.model, self)) for column in columns],
            ([self._cell(row, column) for column in columns] for row in self._in_parts(rows)),
        )

    def _in_parts(self, rows: QuerySet[Any]) -> Iterator[Any]:
        every = rows.iterator(chunk_size=ROWS_AT_ONCE)
        while part := list(islice(every, ROWS_AT_ONCE)):
            self.read_for_list(part)
            yield from part

    def _cell(self, row: Any, column: Any) -> object:
        """As the list shows it, but for the code of a choice, and times that a program reads."""
        field, _attribute, value = lookup_field(column, row, self)
        if field is not None and field.choices:
            return getattr(row, f"get_{field.name}_display")()
        if isinstance(value, datetime):
            return timezone.localtime(value).isoformat(timespec="seconds")
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, (int, float)) or value is None:
            return value
        return unescape(strip_tags(str(value))) if isinstance(value, SafeString) else str(value)

    # Adding through a service

    @method_decorator(csp_update({"frame-src": [SELF]}))  # for the mails shown before it is done
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if self.adding is None:
            return super().add_view(request, form_url, extra_context)
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = (
            self.adding(request.POST)
            if request.method == "POST"
            else self.adding(initial=request.GET.dict())
        )
        shown: dict[str, object] = {}
        if request.method == "POST" and form.is_valid() and _is_to_be_shown(request, form):
            shown = self._rehearse(request, form, form.create)
            if "count" in request.POST and request.headers.get("HX-Request"):
                return TemplateResponse(
                    request, "staff/actions/consequences.html", {"form": form, **shown}
                )
        elif request.method == "POST" and form.is_valid():
            try:
                row = form.create(now=timezone.now(), actor=actor_of(request, form.permission))
            except Refused as refused:
                form.add_error(None, capfirst(str(refused)))
            else:
                self.log_addition(request, row, [{"added": {}}])
                self.message_user(request, _("%(row)s was added.") % {"row": row}, messages.SUCCESS)
                return HttpResponseRedirect(self._record_url(row.pk))
        title = _("Add %(model)s") % {"model": self.opts.verbose_name}
        return self._ask(
            request, form, title=title, submit=form.label, back=list_url(self.model), **shown
        )

    # Acts

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_csv"
        return [
            path("csv/", self.admin_site.admin_view(self.csv_view), name=name),
            *self._act_urls(),
            *super().get_urls(),
        ]

    def _act_urls(self) -> list[URLPattern]:
        return [
            path(
                f"{act.name}/",
                self.admin_site.admin_view(partial(self.act_view, act=act)),
                name=f"{self.opts.app_label}_{self.opts.model_name}_{act.name}",
            )
            for act in self.acts
        ]

    def act_url(self, act: type[Action], ids: Sequence[int], *, back: str = "") -> str:
        url = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{act.name}")
        return (
            f"{url}?{urlencode([*(('id', pk) for pk in ids), *([('next', back)] if back else [])])}"
        )

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        return actions | {
            act.name: (partial(_open_act, act=act), act.name, str(act.label))
            for act in self.acts
            if act.several and may(request, act)
        }

    @method_decorator(csp_update({"frame-src": [SELF]}))  # for the mails shown before it is done
    def act_view(self, request: HttpRequest, act: type[Action]) -> HttpResponse:
        """GET asks, POST does it to every row in ?id= for which it is offered."""
        if not may(request, act):
            raise PermissionDenied
        asked = self._rows(request)
        rows = [row for row in asked if act.offered(row)]
        back = self._back(request, asked)
        if not rows:
            self.message_user(request, act.impossible, messages.ERROR)
            return HttpResponseRedirect(back)
        form = act(rows, request.POST if request.method == "POST" else None)
        form.files = request.FILES
        shown: dict[str, object] = {}
        if request.method == "POST" and form.is_valid():
            if _is_to_be_shown(request, form):
                shown = self._rehearse(
                    request, form, partial(_perform_all, form, request.POST.getlist("seen"))
                )
            elif self._perform(request, form):
                return HttpResponseRedirect(form.after() or back)
        if shown and "count" in request.POST and request.headers.get("HX-Request"):
            return TemplateResponse(
                request, "staff/actions/consequences.html", {"form": form, **shown}
            )
        return self._ask(
            request,
            form,
            title=act.label,
            submit=act.label,
            back=back,
            rows=rows,
            left_out=[row for row in asked if row not in rows],
            **shown,
        )

    def _back(self, request: HttpRequest, asked: Sequence[Model]) -> str:
        """The page of ours that offered the action, as it says itself; else the record, or the list
        if there are several."""
        said = request.GET.get("next", "")
        if said and url_has_allowed_host_and_scheme(said, allowed_hosts=None):
            return said
        return self._record_url(asked[0].pk) if len(asked) == 1 else list_url(self.model)

    def _rehearse(
        self, request: HttpRequest, form: Action | NewRow, perform: Callable[..., object]
    ) -> dict[str, object]:
        """What it would do, to be confirmed. In a long queue that takes a while: the page asks for
        it once it is there."""
        actor, now = actor_of(request, form.permission), timezone.now()
        lines = sum(queue.length(pk).lines for pk in form.products())
        if "count" not in request.POST and lines * form.weight > COUNTED_AT_ONCE:
            return {"is_counting": True}
        try:
            consequences = rehearse(
                partial(perform, now=now, actor=actor), form.products(), now=now
            )
        except Refused as refused:
            form.add_error(None, capfirst(str(refused)))
            return {"is_refused": True}
        return {"consequences": consequences, "meant": form.meant()}

    def _rows(self, request: HttpRequest) -> list[Any]:
        try:
            ids = {int(pk) for pk in request.GET.getlist("id")}
        except ValueError as error:
            raise Http404 from error
        rows = list(self.get_queryset(request).filter(pk__in=ids).order_by("pk")[:AT_ONCE])
        if not rows:
            raise Http404
        return rows

    def _perform(self, request: HttpRequest, form: Action) -> bool:
        """Whether anything was done. Refusals are shown beside it, or in the form if nothing was
        done."""
        seen = request.POST.getlist("seen")
        done, refusals = 0, []
        for row in form.rows:
            try:
                said = form.perform_once(
                    row, seen, now=timezone.now(), actor=actor_of(request, form.permission)
                )
            except Refused as refused:
                refusals.append(capfirst(str(refused)))
            else:
                done += 1
                self.log_change(request, row, said)
                self.message_user(request, said, messages.SUCCESS)
        for refusal in refusals:
            if done:
                self.message_user(request, refusal, messages.ERROR)
            else:
                form.add_error(None, refusal)
        return done > 0

    def _ask(
        self,
        request: HttpRequest,
        form: Action | NewRow,
        *,
        title: Text,
        submit: Text,
        back: str,
        **context: object,
    ) -> TemplateResponse:
        return TemplateResponse(
            request,
            "staff/actions/action.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": title,
                "form": form,
                "submit": submit,
                "back": back,
                "media": self.media + form.media,
                **context,
            },
        )

    def _record_url(self, pk: int) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[pk])


def _is_to_be_shown(request: HttpRequest, form: Action | NewRow) -> bool:
    return form.rehearsed and ("again" in request.POST or request.POST.get("meant") != form.meant())


def _perform_all(form: Action, seen: Sequence[str], *, now: datetime, actor: str) -> None:
    for row in form.rows:
        form.perform_once(row, seen, now=now, actor=actor)
        form.finish(row, now=now)


def _open_act(
    model_admin: BackordersAdmin,
    request: HttpRequest,
    queryset: QuerySet[Any],
    *,
    act: type[Action],
) -> HttpResponse | None:
    ids = list(queryset.values_list("pk", flat=True)[: AT_ONCE + 1])
    if len(ids) > AT_ONCE:
        model_admin.message_user(
            request,
            ngettext("Choose at most %d.", "Choose at most %d.", AT_ONCE) % AT_ONCE,
            messages.ERROR,
        )
        return None
    return HttpResponseRedirect(model_admin.act_url(act, ids))


class ReadOnlyAdmin(BackordersAdmin):
    """History, and rows that only services change."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.adding is not None and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
