from django.urls import path

from notifications import acting_link, preferences_page
from notifications.transport import provider

urlpatterns = [
    path("o/<str:token>/link/", acting_link.acting_link, name="acting_link"),
    path("preferences/<str:token>/", preferences_page.preferences, name="preferences"),
    path("unsubscribe/<str:token>/", preferences_page.unsubscribe, name="unsubscribe"),
    path("webhooks/mail/", provider.mail_reports, name="mail_reports"),
]
