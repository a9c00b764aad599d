"""A shop of two addresses: a product's page and a way to sign in."""

from __future__ import annotations

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import path

from ecom_llm.capture.record import record_view


def view(request: HttpRequest, product_id: str) -> HttpResponse:
    record_view(request, product_id)
    return HttpResponse()


def sign_in(request: HttpRequest, name: str) -> HttpResponse:
    login(request, User.objects.get(username=name))
    return HttpResponse()


urlpatterns = [path("view/<str:product_id>/", view), path("sign-in/<str:name>/", sign_in)]
