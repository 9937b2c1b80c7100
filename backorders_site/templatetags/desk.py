"""Today's desk on the first page of the admin, and words of its pages."""

from django import template
from django.contrib import admin
from django.template.context import RequestContext
from django.utils import timezone

from backorders_site.desk import today
from orders.admin import lines
from orders.admin.history import promise_words
from orders.models import OrderLine

register = template.Library()


@register.simple_tag(takes_context=True)
def todays_desk(context: RequestContext) -> today.Desk:
    return today.todays_desk(context["request"], admin.site, now=timezone.now())


register.filter("state_words", lines.state_words)


@register.filter
def promise_of_line(line: OrderLine) -> str:
    return promise_words(line.promise, line.order)
