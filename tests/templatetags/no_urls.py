"""The addresses of a site that has not included `ecom_llm.urls`."""

from __future__ import annotations

urlpatterns: list[object] = []
