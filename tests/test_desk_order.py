"""One order's page: what the customer sees, what we wrote and noted, and what can be done about
it."""

from datetime import date, timedelta

import pytest
from django.db import models
from django.test import Client
from django.utils.html import escape

from backorders_site.staff.preview import Consequences
from notifications.models import Message, MessageState
from notifications.outbox.dispatch import dispatch_all
from orders import queue, services
from orders.access import Purpose, order_url
from orders.models import Answer, DelayNotice, Note, Order, OrderLine, Refund, Shipment
from orders.words import sentence
from tests import factories
from tests.factories import NOON
from tests.mailing import states
from tests.test_admin import act, filled, page, queries_of, written_mail
from tests.test_roles import S, W, somebody

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def desk(order: Order) -> str:
    return f"/admin/desk/order/{order.number}/"


def asked(**of: object) -> OrderLine:
    """A line whose customer was asked; `of`: of its notice."""
    line = factories.order(factories.make_product())
    notice = {
        "case": "D",
        "silence": "cancel",
        "answer_by": date(2026, 11, 9),
        "told_at": NOON,
        "adequate": True,
    }
    days = {"consent_to": date(2026, 12, 20)}
    assert DelayNotice.objects.filter(line=line).update(**notice | days | of) == 1
    return line


class TestPage:
    def test_it_shows_lines_with_their_place_and_mails_word_for_word(
        self, admin_client: Client
    ) -> None:
        product = factories.make_product()
        factories.order(product, 4)
        mail = written_mail(order=None, number="AB-1")
        line = factories.order(product, number="AB-2")
        shown = admin_client.get(desk(line.order)).context["lines"]
        assert [(row.line, row.position.place, row.position.units_ahead) for row in shown] == [
            (line, 2, 4)
        ]
        answer = admin_client.get("/admin/desk/order/ab-1/")
        (written,) = answer.context["mails"]
        assert (written.mail.pk, written.mail.text) == (mail.pk, mail.text)
        assert escape(mail.text.splitlines()[0]) in answer.content.decode()

    def test_of_a_mail_that_went_out_it_says_when(self, admin_client: Client) -> None:
        mail = written_mail(order=None, number="AB-1")
        Message.objects.filter(pk=mail.pk).update(frozen_at=NOON)
        shown = admin_client.get(desk(mail.order)).content.decode()
        assert "Handed to the mail server on Nov. 2, 2026, noon with exactly this text." in shown
        assert "m.." not in shown

    def test_units_that_are_not_all_in_one_place_are_told_apart(self, admin_client: Client) -> None:
        product = factories.make_product()
        line = factories.order(product, 5)
        services.receive(product, 2, now=NOON)
        services.ship(line.order, {line.pk: 1}, now=NOON)
        (shown,) = admin_client.get(desk(line.order)).context["lines"]
        assert shown.units == "5: 3 waiting, 1 reserved, 1 shipped"

    @pytest.mark.parametrize(
        "notice, words",
        [
            ({"silence": "cancel"}, "Must answer by Nov. 9, 2026; silence cancels; case D"),
            ({"silence": "consent"}, "May answer by Nov. 9, 2026; silence agrees; case D"),
            (
                {"silence": "keeps_place", "answer_by": None},
                "May answer at any time; silence keeps the place; case D",
            ),
            (
                {"silence": "cancel", "adequate": False},
                "May answer by Nov. 9, 2026; silence changes nothing; told too late to count; "
                "case D",
            ),
            (
                {"silence": "cancel", "told_at": None},
                "Must answer by Nov. 9, 2026; silence cancels; not told; case D",
            ),
        ],
    )
    def test_an_open_question_says_whether_it_must_be_answered(
        self, admin_client: Client, notice: dict[str, object], words: str
    ) -> None:
        line = asked(**notice)
        (shown,) = admin_client.get(desk(line.order)).context["lines"]
        assert shown.question == words

    def test_a_parcel_that_did_not_leave_says_so(self, admin_client: Client) -> None:
        product = factories.make_product()
        line = factories.order(product)
        services.receive(product, 1, now=NOON)
        parcel = services.ship(line.order, {line.pk: 1}, carrier="UPS", now=NOON)
        services.correct_shipment(parcel, reason="on the shelf", now=NOON, actor="ann")
        shipments = next(
            table
            for table in admin_client.get(desk(line.order)).context["tables"]
            if table.model is Shipment
        )
        assert {str(row[2]) for row in shipments.rows} == {
            "UPS · undone",
            "undone: on the shelf",
        }

    def test_the_customer_s_view_can_only_look(self, admin_client: Client) -> None:
        order = factories.order(factories.make_product()).order
        shown = admin_client.get(desk(order)).content.decode()
        assert order_url(order, Purpose.LOOK) in shown
        assert order_url(order, Purpose.ACT) not in shown

    def test_what_is_done_from_it_leads_back_to_it(self, admin_client: Client) -> None:
        line = factories.order(factories.make_product(), 3)
        url = next(
            b.url
            for b in admin_client.get(desk(line.order)).context["buttons"]
            if "/cancel/" in b.url
        )
        form = admin_client.get(url).context["form"]
        sent = {f"line_{line.pk}": 1, "by": "customer", "reason": "asked", "seen": form.seen()}
        sent["meant"] = admin_client.post(url, sent).context["meant"]
        assert admin_client.post(url, sent)["Location"] == desk(line.order)

    @pytest.mark.parametrize(
        "elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"]
    )
    def test_an_act_leads_nowhere_else(self, admin_client: Client, elsewhere: str) -> None:
        line = factories.order(factories.make_product())
        asked = admin_client.get(page(Order, "cancel"), {"id": line.order_id, "next": elsewhere})
        assert asked.context["back"] == page(Order, "change", line.order_id)

    def test_each_role_finds_the_acts_of_its_work(self, client: Client) -> None:
        product = factories.make_product()
        line = factories.order(product, 2)
        services.receive(product, 1, now=NOON)
        offered = {}
        for role in (W, S):
            client.force_login(somebody(role))
            shown = client.get(desk(line.order)).context
            buttons = [
                *shown["buttons"],
                *(button for row in shown["lines"] for button in row.buttons),
            ]
            offered[role] = ([str(button.label) for button in buttons], shown["sees_mails"])
        acts = ["Cancel units", "Tell the customer", "Write a note", "Correct the email address"]
        acts += ["Record that they'll wait", "Move in line"]
        assert offered == {W: (["Ship", "Write a note"], False), S: (acts, True)}

    def test_an_order_that_is_not_there_is_not_found(self, admin_client: Client) -> None:
        for number in ("nobody", "a/b", "%00"):
            assert admin_client.get(f"/admin/desk/order/{number}/").status_code == 404

    def test_it_asks_as_many_questions_for_thirty_lines_and_mails_as_for_one(
        self, admin_client: Client
    ) -> None:
        def an_order(lines: int) -> Order:
            wanted = [services.NewLine(factories.make_product(), 2) for _ in range(lines)]
            order = services.place_order(
                services.NewOrder(f"N-{lines}", NOON, wanted, "a@b.example"), now=NOON
            )
            services.cancel(
                order,
                units={line.pk: 1 for line in order.lines.all()},
                now=NOON,
                reason="x",
                by="staff",
            )
            services.write_note(order, "seen", now=NOON, actor="ann")
            for _ in range(min(lines, 3)):
                Message.objects.create(
                    key=f"{order.pk}-{Message.objects.count()}",
                    order=order,
                    kind="note",
                    message_id=f"<{Message.objects.count()}@shop>",
                    state=MessageState.FAILED,
                    created_at=NOON,
                    next_attempt_at=NOON,
                )
            return order

        few = queries_of(admin_client, desk(an_order(1)))
        assert [queries_of(admin_client, desk(an_order(lines))) for lines in (3, 30)] == [few, few]


def would_do(staff: Client, name: str, row: models.Model, **data: object) -> Consequences:
    url = f"{page(type(row), name)}?id={row.pk}"
    form = staff.get(url).context["form"]
    found: Consequences = staff.post(url, {**filled(form), "seen": form.seen(), **data}).context[
        "consequences"
    ]
    return found


class TestBeforeItIsDone:
    """Whom it tells what, and which refund it makes due; nothing is done by looking."""

    def test_a_cancellation_shows_its_mail_and_its_refund(self, admin_client: Client) -> None:
        line = factories.order(factories.make_product(), 3)
        line.order.events.update(message_due=False)
        it = would_do(
            admin_client,
            "cancel",
            line.order,
            by="customer",
            reason="asked",
            **{f"line_{line.pk}": 2},
        )
        assert (it.first_words, it.groups) == ("1 order is affected:", ["1 gets an email"])
        assert it.refund_words == "1 refund will be due, the first by Nov. 12, 2026."
        assert "2 of 3" in it.examples[0].text
        assert (factories.fresh(line).cancelled, Refund.objects.count()) == (0, 0)

    def test_whom_a_cancellation_moves_up_is_counted_too(self, admin_client: Client) -> None:
        product = factories.make_product()
        factories.restock(product, 1, expected_on=date(2026, 11, 20))
        factories.restock(product, 9, expected_on=date(2027, 3, 20))
        first, second = factories.order(product), factories.order(product)
        factories.review(product)
        second.order.events.update(message_due=False, told_at=NOON)
        it = would_do(admin_client, "cancel", first.order, by="staff", reason="a double")
        assert {str(kind): count for kind, count in it.kinds} == {
            "Canceled": 1,
            "Earlier than told": 1,
        }
        assert it.first_words == "2 orders are affected:"

    def test_putting_back_shows_that_the_refund_is_not_due_any_more(
        self, admin_client: Client
    ) -> None:
        line = factories.order(factories.make_product(), 3)
        services.cancel(line.order, now=NOON)
        it = would_do(admin_client, "put-back", line, reason="mistaken", units=2)
        assert it.refund_words == "The refunds of 2 units are no longer due."
        assert it.groups == ["1 gets an email"]
        assert (factories.fresh(line).cancelled, Refund.objects.get().units) == (3, 3)

    def test_a_move_in_line_shows_whose_promise_it_moves(self, admin_client: Client) -> None:
        product = factories.make_product()
        factories.restock(product, 1, expected_on=date(2026, 11, 20))
        factories.restock(product, 9, expected_on=date(2027, 3, 20))
        first, second = factories.order(product), factories.order(product)
        factories.review(product)
        it = would_do(admin_client, "move", second, place=1, why="urgent", reason="a wedding")
        assert {row.order for row in it.reached} == {first.order, second.order}
        assert queue.positions([second.pk])[second.pk].place == 2

    def test_what_the_customer_is_told_is_shown_as_it_will_arrive(
        self, admin_client: Client
    ) -> None:
        order = factories.order(factories.make_product()).order
        order.events.update(message_due=False)
        it = would_do(admin_client, "tell", order, word="looking_into", reason="rang")
        assert (it.groups, it.refund_words) == (["1 gets an email"], "")
        assert "looking into" in it.examples[0].text
        assert not order.events.filter(kind="note").exists()


class TestAnswersByTelephone:
    def test_a_place_kept_is_entered_once_with_who_and_how(self, admin_client: Client) -> None:
        line = asked()
        assert "keeps-place/" in admin_client.get(desk(line.order)).content.decode()
        said = act(admin_client, "keeps-place", line, reason="rang at noon")
        assert "keeps its place in line." in said
        answer = Answer.objects.get()
        assert (answer.choice, answer.channel, answer.actor) == ("keep", "staff", "admin")
        event = line.order.events.get(kind="answered")
        assert (event.note, event.message_due) == ("rang at noon", True)
        assert (line.notices.get().outcome, factories.fresh(line).agreed_by) == (
            "kept",
            date(2026, 12, 20),
        )
        assert "keeps-place/" not in admin_client.get(desk(line.order)).content.decode()

    def test_what_they_agree_to_and_the_mail_are_shown_before(self, admin_client: Client) -> None:
        line = asked()
        line.order.events.update(message_due=False)
        url = f"{page(OrderLine, 'keeps-place')}?id={line.pk}"
        (subject,) = admin_client.get(url).context["form"].subjects()
        assert subject.endswith(": will wait until Dec. 20, 2026")
        it = would_do(admin_client, "keeps-place", line, reason="rang at noon")
        assert (it.groups, Answer.objects.count()) == (["1 gets an email"], 0)

    def test_where_nothing_is_asked_there_is_nothing_to_enter(self, admin_client: Client) -> None:
        line = asked(outcome="kept", ended_at=NOON)
        answer = admin_client.get(f"{page(OrderLine, 'keeps-place')}?id={line.pk}", follow=True)
        assert "This customer has no open question." in answer.content.decode()


class TestNotes:
    def test_a_note_is_for_us_alone(self, admin_client: Client, client: Client) -> None:
        order = factories.order(factories.make_product()).order
        act(admin_client, "write-note", order, text="A regular of ours")
        note = Note.objects.get()
        assert (note.order, note.text, note.actor, note.at) == (
            order,
            "A regular of ours",
            "admin",
            NOON,
        )
        assert "A regular of ours" in admin_client.get(desk(order)).content.decode()
        assert (
            "A regular of ours"
            not in client.get(order_url(order).removeprefix("http://testserver")).content.decode()
        )

    def test_it_needs_words(self, admin_client: Client) -> None:
        act(admin_client, "write-note", factories.order(factories.make_product()).order, text="  ")
        assert not Note.objects.exists()

    @pytest.mark.parametrize("code", ["looking_into", "asked_supplier", "answered_by_mail"])
    def test_the_customer_reads_our_words_in_their_language_and_never_our_reason(
        self, admin_client: Client, client: Client, code: str
    ) -> None:
        order = factories.order(factories.make_product()).order
        act(admin_client, "tell", order, word=code, reason="rang twice")
        event = order.events.get(kind="note")
        words = [sentence(event, locale=locale) for locale in ("en", "de", "ar")]
        assert len(set(words)) == 3
        assert (event.actor, event.note, event.message_due) == ("admin", "rang twice", True)
        shown = client.get(order_url(order).removeprefix("http://testserver")).content.decode()
        assert escape(words[0]) in shown
        assert "rang twice" not in shown

    def test_a_quiet_order_is_not_mailed(self) -> None:
        line = services.NewLine(factories.make_product(), 1)
        (order,) = services.place_orders(
            [services.NewOrder("1", NOON, [line], "a@b.example")], now=NOON, quiet=True
        )
        said = services.tell_customer(order, "looking_into", reason="asked", now=NOON, actor="ann")
        assert not said.message_due


class TestMailAddress:
    def test_what_came_back_goes_to_the_right_one(self, admin_client: Client) -> None:
        mail = written_mail()
        order = mail.order
        Message.objects.filter(pk=mail.pk).update(state=MessageState.SENT, sent_at=NOON)
        services.mark_told(list(order.events.values_list("pk", flat=True)), at=NOON)
        act(admin_client, "came-back", mail)

        act(
            admin_client,
            "correct-address",
            order,
            email="right@example.com",
            reason="a typing error",
        )

        order.refresh_from_db()
        assert (order.email, order.unreachable_at) == ("right@example.com", None)
        assert order.events.filter(message_due=True).count() == 1
        note = order.notes.get()
        assert (note.text, note.actor) == (
            "The email address was corrected: a typing error",
            "admin",
        )

    def test_whom_staff_enter_an_address_for_can_be_reached_again(
        self, admin_client: Client
    ) -> None:
        order = factories.order(factories.make_product(), email="").order
        services.mark_not_told(order, services.NO_ADDRESS, unreachable=True)
        act(admin_client, "correct-address", order, email="right@example.com", reason="they rang")
        assert Order.objects.get().attention == []

    def test_a_parcel_that_a_refused_mail_told_of_is_told_at_the_right_address(
        self, admin_client: Client
    ) -> None:
        product = factories.make_product()
        line = factories.order(product)
        services.receive(product, 1, now=NOON)
        services.ship(line.order, {line.pk: 1}, now=NOON)
        mail = written_mail(MessageState.FAILED, order=line.order)
        act(
            admin_client,
            "correct-address",
            line.order,
            email="right@example.com",
            reason="they rang",
        )
        assert list(line.order.events.filter(message_due=True)) == list(
            mail.events.filter(kind="shipped")
        )
        dispatch_all()
        mail.refresh_from_db()
        assert (mail.state, mail.recipient) == (MessageState.QUEUED, "right@example.com")
        assert states(line.order)[-1] == "queued"

    def test_links_in_other_hands_can_be_ended(self, admin_client: Client, client: Client) -> None:
        order = factories.order(factories.make_product(), placed_at=NOON - timedelta(days=3)).order
        order.events.update(message_due=False, told_at=NOON)
        order.lines.get().promises.update(told_at=NOON)
        before = order_url(order).removeprefix("http://testserver")
        act(
            admin_client,
            "correct-address",
            order,
            email="right@example.com",
            revoke="on",
            reason="a neighbour got it",
        )
        assert client.get(before).status_code == 404
        assert order.events.filter(message_due=True).values_list("kind", flat=True).get() == "link"

    def test_the_same_address_is_refused(self, admin_client: Client) -> None:
        order = factories.order(factories.make_product()).order
        assert "already has this address" in act(
            admin_client, "correct-address", order, reason="none"
        )


class TestSheets:
    def test_every_list_is_a_sheet_of_what_is_filtered(self, admin_client: Client) -> None:
        lamp, rug = factories.make_product(sku="LAMP"), factories.make_product(sku="=RUG")
        factories.restock(lamp, 5, reference="PO-1", expected_on=date(2026, 11, 5))
        factories.restock(rug, 5, reference="PO-2", expected_on=date(2026, 10, 1))
        answer = admin_client.get("/admin/orders/restock/csv/", {"state": "overdue"})
        rows = answer.getvalue().decode().splitlines()
        assert answer["Content-Disposition"] == 'attachment; filename="restocks.csv"'
        assert [row.split(",")[:2] for row in rows[1:]] == [["PO-2", "'=RUG"]]
        assert (
            'href="/admin/orders/restock/csv/?state=overdue"'
            in admin_client.get("/admin/orders/restock/", {"state": "overdue"}).content.decode()
        )

    def test_a_sheet_reads_places_at_once(self, admin_client: Client) -> None:
        product = factories.make_product()
        lines = [factories.order(product) for _ in range(3)]
        url = f"/admin/orders/orderline/csv/?product={product.pk}"
        rows = [row.split(",") for row in admin_client.get(url).getvalue().decode().splitlines()]
        place = rows[0].index("Place")
        assert [row[place] for row in rows[1:]] == [str(n + 1) for n in range(len(lines))]

    def test_a_sheet_opens_for_those_who_see_the_list(self, client: Client) -> None:
        client.force_login(somebody(W))
        assert client.get("/admin/orders/refund/csv/").status_code == 403
        assert client.get("/admin/orders/order/csv/").status_code == 200
