"""Today's desk on the first page of the admin."""

from django import template
from django.contrib import admin
from django.template.context import RequestContext
from django.utils import timezone

from backorders_site.desk import today

register = template.Library()


@register.simple_tag(takes_context=True)
def todays_desk(context: RequestContext) -> today.Desk:
    return today.todays_desk(context["request"], admin.site, now=timezone.now())
