"""The demo shop's addresses, and one more by which a test reads what the web process has counted."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.urls import path

from ecom_llm.capture import counters
from shop_demo.urls import urlpatterns as shop_patterns


def counted(request: HttpRequest) -> JsonResponse:
    """The counters of the process that answers; run one, so that they are all there are."""
    del request
    return JsonResponse(counters.read())


urlpatterns = [*shop_patterns, path("counted/", counted)]
