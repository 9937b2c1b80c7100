from django.urls import path

from notifications.pages import acting_link, contact, preferences
from notifications.provider import webhook

urlpatterns = [
    path("o/<str:token>/link/", acting_link.acting_link, name="acting_link"),
    path("o/<str:token>/contact/", contact.contact, name="order_contact"),
    path("contact/", contact.contact, name="contact"),
    path("preferences/<str:token>/", preferences.preferences, name="preferences"),
    path("unsubscribe/<str:token>/", preferences.unsubscribe, name="unsubscribe"),
    path("webhooks/mail/", webhook.mail_reports, name="mail_reports"),
]
