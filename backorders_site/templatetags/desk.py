"""Today's desk on the first page of the admin, and words of its pages."""

from django import template
from django.contrib import admin
from django.template.context import RequestContext
from django.utils import timezone

from backorders_site.staff.admin import lines
from backorders_site.staff.admin.history import promise_words
from backorders_site.staff.pages import today
from orders.models import OrderLine

register = template.Library()


@register.simple_tag(takes_context=True)
def todays_desk(context: RequestContext) -> today.Desk:
    return today.todays_desk(context["request"], admin.site, now=timezone.now())


register.filter("state_words", lines.state_words)


@register.filter
def promise_of_line(line: OrderLine) -> str:
    return promise_words(line.promise, line.order)
