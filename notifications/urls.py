from django.urls import path

from notifications import preference_views, views, webhooks

urlpatterns = [
    path("o/<str:token>/link/", views.acting_link, name="acting_link"),
    path("preferences/<str:token>/", preference_views.preferences, name="preferences"),
    path("unsubscribe/<str:token>/", preference_views.unsubscribe, name="unsubscribe"),
    path("webhooks/mail/", webhooks.mail_reports, name="mail_reports"),
]
