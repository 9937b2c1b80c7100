"""Import in the browser: upload, read what the file would do, confirm; or correct what was refused
and upload it again."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from backorders_site.staff import import_words, uploads
from backorders_site.staff.admin.base import actor_of
from backorders_site.staff.csv_export import sheet
from backorders_site.staff.example_emails import of_upload
from backorders_site.staff.pages import trouble
from backorders_site.staff.pages.base import page, shows_mails, staff_page
from backorders_site.staff.pages.import_columns import ColumnsForm
from backorders_site.staff.pages.import_fields import OtherColumnsForm, WordsForm, known_map
from backorders_site.staff.pages.import_undo import PERMISSION, undoable
from orders import services
from orders.imports.csv import rejected
from orders.imports.csv.decoding import ENCODINGS
from orders.imports.csv.table import Unreadable
from orders.imports.sources.column_map import settings_of
from orders.imports.sources.named_columns import kind_of_map
from orders.models import Import, Upload

MAX_BYTES = 25_000_000  # bytes: a hundred thousand orders of Shopify's widest export
SHOWN = 20
FAULTS_SHOWN = 50


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "CSV or .xlsx, up to 25 MB: orders (our columns or Shopify's export), restocks or "
            "shipments."
        ),
    )
    encoding = forms.ChoiceField(
        required=False,
        choices=[("", "UTF-8"), *((name, f"{name}: {where}") for name, where in ENCODINGS.items())],
        label=gettext_lazy("Encoding"),
        help_text=gettext_lazy(
            "Only for a CSV that a spreadsheet saved without “UTF-8” in the name of the format."
        ),
    )
    all_products = forms.BooleanField(
        required=False,
        label=gettext_lazy("All products in the file are on backorder"),
        help_text=gettext_lazy(
            "If not ticked, only products already marked as on backorder get a queue."
        ),
    )
    by_name = forms.BooleanField(
        required=False,
        label=gettext_lazy("Lines without a SKU go by the product's name"),
        help_text=gettext_lazy("Not needed again for names that are known already."),
    )
    column_map = forms.FileField(
        required=False,
        label=gettext_lazy("Column map"),
        help_text=gettext_lazy(
            "A TOML file for another shop system's export. Without one, we'll ask you which "
            "column is which."
        ),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise ValidationError(
                _("The file is larger than 25 MB. Split it, and keep the header in each part.")
            )
        return file

    def clean_column_map(self) -> dict[str, Any] | None:
        file = self.cleaned_data["column_map"]
        if not file:
            return None
        try:
            settings = settings_of(file.name, file)
            uploads.map_of(file.name, settings)
        except Unreadable as error:
            raise ValidationError(_("This is not a column map: %(why)s") % {"why": error}) from None
        return settings


@staff_page(PERMISSION)
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and (row := _uploaded(request, form)):
        return redirect("desk:upload", row.pk)
    rows = _without_content().select_related("record").order_by("-pk")[:SHOWN]
    history = [(row, import_words.worse_words(row.told)) for row in rows]
    return page(
        request,
        "import.html",
        title=_("Import"),
        form=form,
        history=history,
        undoable=undoable(now=timezone.now()),
    )


def _uploaded(request: HttpRequest, form: UploadForm) -> Upload | None:
    file, column_map = form.cleaned_data["file"], form.cleaned_data["column_map"]
    content, encoding = file.read(), form.cleaned_data["encoding"]
    try:
        with uploads.as_table(
            file.name, content, column_map=column_map, encoding=encoding
        ) as table:
            table.expect_letters()
            kind, likely = uploads.kind_of(table), uploads.likely_kind(table)
            if column_map:
                kind = Upload.Kind(kind_of_map(column_map))
                uploads.map_of(_("column map"), column_map).check(table.header, file.name)
            if kind is None:  # the page asks about its columns, and shows what is in them
                for _record in table.records():
                    pass
    except Unreadable as error:
        form.add_error("file", str(error))
        return None
    return services.upload(
        kind or likely,
        file.name,
        content,
        all_products=form.cleaned_data["all_products"],
        by_name=form.cleaned_data["by_name"],
        column_map=column_map,
        encoding=encoding,
        known=kind is not None,
        now=timezone.now(),
        actor=actor_of(request, PERMISSION),
    )


@shows_mails
@staff_page(PERMISSION)
@require_GET
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_without_content().select_related("record"), pk=pk)
    if request.htmx:  # type: ignore[attr-defined]
        if not row.is_under_way:
            return HttpResponseClientRefresh()
        return render(request, "staff/pages/import_progress.html", {"row": row, **_progress(row)})
    return _shown(request, row, _columns_form(row))


def _shown(
    request: HttpRequest, row: Upload, columns: ColumnsForm | OtherColumnsForm | None
) -> HttpResponse:
    same = Import.objects.filter(
        sha256=row.sha256, finished_at__lte=row.uploaded_at, undone_at=None
    )
    before = same.exclude(pk=row.record_id or 0).order_by("-pk").first()
    return page(
        request,
        "upload.html",
        title=row.file_name,
        row=row,
        before=before,
        columns=columns,
        words=WordsForm(row).rows() if row.state == Upload.State.CHECKED else (),
        worse=import_words.worse_words(row.told),
        mails=of_upload(row.pk) if row.state == Upload.State.CHECKED else (),
        can_be_undone=row.record is not None
        and not services.is_settled(row.record, now=timezone.now()),
        is_gone=_is_gone(row),
        faults=sorted(((int(number), what) for number, what in row.rejected.items()))[
            :FAULTS_SHOWN
        ],
        faults_shown=FAULTS_SHOWN,
        **(_progress(row) if row.is_under_way else {}),
    )


def _progress(row: Upload) -> dict[str, Any]:
    now = timezone.now()
    return {
        "percent": uploads.progress(row),
        "waits": trouble.of_files(row.waits_since or row.uploaded_at, now=now),
    }


@staff_page(PERMISSION)
@require_POST
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody says which column is which."""
    row = get_object_or_404(Upload, pk=pk)
    kind = request.POST.get("kind", row.kind)
    if kind != row.kind and kind in Upload.Kind:
        _say_refusal(request, lambda: services.say_kind(row, kind))
        return redirect("desk:upload", pk)
    form = _columns_form(row, request.POST)
    if form is None:
        return redirect("desk:upload", pk)
    if not form.is_valid():
        return _shown(request, row, form)
    _say_refusal(request, lambda: services.map_columns(row, form.column_map(), now=timezone.now()))
    return redirect("desk:upload", pk)


@staff_page(PERMISSION)
@require_POST
def words(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody says what words of the file mean."""
    row = get_object_or_404(_without_content(), pk=pk)
    form = WordsForm(row, request.POST)
    if form.is_valid():
        _say_refusal(request, lambda: services.say_words(row, form.said(), now=timezone.now()))
    return redirect("desk:upload", pk)


@staff_page(PERMISSION)
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_without_content(), pk=pk)
    actor = actor_of(request, PERMISSION)
    skip_bad = "skip_bad" in request.POST
    _say_refusal(
        request,
        lambda: services.confirm_upload(row, skip_bad=skip_bad, now=timezone.now(), actor=actor),
    )
    return redirect("desk:upload", pk)


@staff_page(PERMISSION)
@require_POST
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """What it would do may be another thing by now."""
    row = get_object_or_404(_without_content(), pk=pk)
    _say_refusal(request, lambda: services.check_again(row, now=timezone.now()))
    return redirect("desk:upload", pk)


@staff_page(PERMISSION)
@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_without_content(), pk=pk)
    actor = actor_of(request, PERMISSION)
    _say_refusal(request, lambda: services.discard_upload(row, now=timezone.now(), actor=actor))
    return redirect("desk:import")


@staff_page(PERMISSION)
@require_GET
def rejected_csv(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The rows left out, with what is wrong. Once corrected, the sheet can be uploaded as it is."""
    row = get_object_or_404(Upload, pk=pk)
    if not row.content or not row.rejected:
        raise Http404
    faults = {int(number): what for number, what in row.rejected.items()}
    with uploads.table_of(row) as table:
        header, *rows = rejected.rejected_rows(table, faults, uploads.together(row, table))
    return sheet(f"rejected-{row.pk}", header, rows, comes_back=True)


def _without_content() -> QuerySet[Upload]:
    return Upload.objects.defer("content")


def _is_gone(row: Upload) -> bool:
    """The file was kept for a month, or somebody in it was forgotten."""
    return Upload.objects.filter(pk=row.pk, content=b"").exists()


def _columns_form(row: Upload, data: Any = None) -> ColumnsForm | OtherColumnsForm | None:
    if row.state != Upload.State.UNKNOWN_COLUMNS or _is_gone(row):
        return None
    with uploads.table_of(row) as table:
        known = known_map(table.header, row.kind)
        if row.kind == Upload.Kind.ORDERS:
            return ColumnsForm(table, data, known=known)
        return OtherColumnsForm(table, data, kind=row.kind, known=known)


def _say_refusal(request: HttpRequest, write: Any) -> None:
    try:
        write()
    except services.Refused as refused:
        messages.error(request, capfirst(str(refused)))
