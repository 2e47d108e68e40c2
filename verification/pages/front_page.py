"""The bare address of the portal: a calm page for somebody who has lost their link. It leads nowhere."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from verification.pages.access import methods


@methods("GET")
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/front_page.html")
