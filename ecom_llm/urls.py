"""Addresses of the API: `path("ecom-llm/", include("ecom_llm.urls"))`."""

from __future__ import annotations

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from ecom_llm.api.choices import NotInterestedView, RecommendationsChoiceView, ShowAgainView
from ecom_llm.api.consent import ConsentView
from ecom_llm.api.events import EventsView
from ecom_llm.api.jobs import JobViewSet
from ecom_llm.api.me import EraseView, MeView
from ecom_llm.api.metrics import MetricsView
from ecom_llm.api.product_texts import ProductTextsView
from ecom_llm.api.recommendations import RecommendationsView
from ecom_llm.api.schema import SchemaView
from ecom_llm.api.search_copy import SearchCopyView
from ecom_llm.api.texts import TextViewSet

app_name = "ecom_llm"

staff = SimpleRouter()
staff.register("jobs", JobViewSet, basename="job")
staff.register("texts", TextViewSet, basename="text")

endpoints = [
    # A product id may hold slashes; what can be none is told so in JSON, line breaks and all, which `path` stops at.
    re_path(r"^products/(?P<product_id>[\s\S]+)/texts/\Z", ProductTextsView.as_view(), name="product_texts"),
    path("recommendations/", RecommendationsView.as_view(), name="recommendations"),
    path("search-copy/", SearchCopyView.as_view(), name="search_copy"),
    path("events/", EventsView.as_view(), name="events"),
    path("me/", MeView.as_view(), name="me"),
    path("me/erase/", EraseView.as_view(), name="erase"),
    path("me/consent/", ConsentView.as_view(), name="consent"),
    path("me/not-interested/", NotInterestedView.as_view(), name="not_interested"),
    path("me/not-interested/again/", ShowAgainView.as_view(), name="show_again"),
    path("me/recommendations/", RecommendationsChoiceView.as_view(), name="recommendations_choice"),
    path("schema/", SchemaView.as_view(), name="schema"),
    *staff.urls,
]

urlpatterns = [path("api/v1/", include(endpoints)), path("metrics/", MetricsView.as_view(), name="metrics")]
