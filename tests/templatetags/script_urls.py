"""A shop of one page, with the API and a strict content security policy."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path


def page(request: HttpRequest) -> HttpResponse:
    """A page that allows no inline script and no inline style but the boxes' own sizes."""
    answer = render(request, "script_page.html")
    answer["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; connect-src 'self'; "
        "form-action 'self'; img-src 'self'"
    )
    return answer


urlpatterns = [path("page/", page), path("elsewhere/", page), path("ecom-llm/", include("ecom_llm.urls"))]
