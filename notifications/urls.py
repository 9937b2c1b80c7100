from django.urls import path

from notifications import views

urlpatterns = [path("o/<str:token>/link/", views.acting_link, name="acting_link")]
