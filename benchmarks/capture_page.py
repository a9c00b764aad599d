"""A plain product page: one query and a short template. Also the middleware that one would write in ten lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template import engines
from django.urls import path
from django.utils import timezone

from shop_demo.models import Product

PAGE = """<!doctype html>
<html lang="en-gb">
<head><meta charset="utf-8"><title>{{ product.name }} | {{ product.category.name }}</title></head>
<body>
<nav><a href="/">Home</a> <a href="{{ product.category.get_absolute_url }}">{{ product.category.name }}</a></nav>
<h1>{{ product.name }}</h1>
<p class="price">{{ product.price|floatformat:2 }} {{ product.currency }}</p>
<p>{% if product.is_available %}{{ product.stock }} in stock{% else %}Sold out{% endif %}</p>
<div>{{ product.description|linebreaks }}</div>
<dl>{% for label, value in product.attributes.items %}<dt>{{ label|capfirst }}</dt><dd>{{ value }}</dd>{% endfor %}</dl>
<p>Last changed on {{ product.updated_at|date:"j F Y" }}. {{ product.description|wordcount }} words.</p>
<form method="post" action="/cart/add/"><input type="number" name="quantity" value="1"><button>Add</button></form>
</body>
</html>
"""
_template: Any = None


def product(request: HttpRequest, sku: str) -> HttpResponse:
    """The page; its address says which product, as in most shops."""
    global _template
    _template = _template or engines["django"].from_string(PAGE)
    found = get_object_or_404(Product.objects.select_related("category"), sku=sku, is_visible=True)
    return HttpResponse(_template.render({"product": found}, request))


def other(request: HttpRequest, **_: str) -> HttpResponse:
    """Stands for the addresses that the page links to; nobody asks for it."""
    return HttpResponse()


urlpatterns = [
    path("products/<slug:sku>/", product, name="product"),
    path("departments/<slug:slug>/", other, name="category"),
    path("pictures/<slug:sku>.svg", other, name="picture"),
]


class Hit(models.Model):
    """What the ten lines below write."""

    path = models.CharField(max_length=255)
    address = models.CharField(max_length=64)
    user_agent = models.CharField(max_length=255)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        app_label = "benchmarks"

    def __str__(self) -> str:
        return self.path


class InsertMiddleware:
    """One insert for each page, before it is sent."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and keep a row of it."""
        response = self.get_response(request)
        meta = request.META
        Hit.objects.create(path=request.path, address=meta["REMOTE_ADDR"], user_agent=meta["HTTP_USER_AGENT"][:255])
        return response
