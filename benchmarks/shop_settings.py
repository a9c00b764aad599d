"""Settings of the shop whose recommendations are measured: the demo's in production mode, its catalogue left empty.

Environment: `DATABASE_URL`; `SHOP_EMBEDDINGS`, the encoder that compares products, as in `RECOMMEND["EMBEDDINGS"]`.
"""

from __future__ import annotations

import os
from typing import Any

# In development Django keeps every query in a list, which would be measured too.
os.environ["DEBUG"] = "false"
os.environ.setdefault("SECRET_KEY", "benchmark-only-not-a-secret")

from shop_demo.settings import *  # noqa: F403
from shop_demo.settings import ECOM_LLM as _SHOP

ALLOWED_HOSTS = ["127.0.0.1"]
SECURE_SSL_REDIRECT = False
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

_RECOMMEND = {"EMBEDDINGS": os.environ["SHOP_EMBEDDINGS"]} if "SHOP_EMBEDDINGS" in os.environ else {}
ECOM_LLM: dict[str, Any] = {
    **_SHOP,
    "BACKENDS": {"default": {"BACKEND": "ecom_llm.generate.backends.echo.EchoBackend"}},
    "RECOMMEND": _RECOMMEND,
}
