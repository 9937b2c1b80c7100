"""The addresses of a process that runs the demo."""

from django.urls import include, path

from backorders_site import urls

handler404 = urls.handler404
urlpatterns = [path("demo/", include("backorders_site.demo.pages")), *urls.urlpatterns]
