"""Addresses of the demo shop."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from shop_demo.views import browsing, buying, pictures

urlpatterns = [
    path("", browsing.home, name="home"),
    path("products/", browsing.category, name="catalogue"),
    path("departments/<slug:slug>/", browsing.category, name="category"),
    path("products/<slug:sku>/", browsing.product, name="product"),
    path("search/", browsing.search, name="search"),
    path("cart/", buying.cart, name="cart"),
    path("cart/add/", buying.cart_add, name="cart_add"),
    path("cart/update/", buying.cart_update, name="cart_update"),
    path("checkout/", buying.checkout, name="checkout"),
    path("orders/<str:reference>/", buying.order_placed, name="order_placed"),
    path("pictures/<slug:sku>.svg", pictures.picture, name="picture"),
    path("admin/", admin.site.urls),
    path("ecom-llm/", include("ecom_llm.urls")),
]
