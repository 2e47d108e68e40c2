"""The addresses that only the demo has."""

from django.urls import path

from kyc_portal.sandbox import front_page

app_name = "sandbox"
urlpatterns = [
    path("", front_page.page, name="front_page"),
    path("demo/new-link", front_page.new_link, name="new_link"),
]
