"""Settings of the shop that the capture benchmarks serve: the demo's in production mode, with one plain page.

Environment: `DATABASE_URL`; `REDIS_URL`, of the redis sink; `CAPTURE_CONNECTIONS`, "kept" from one request to the next;
`CAPTURE_JOURNAL`, "rollback" instead of the demo's WAL; `CAPTURE_VARIANT`, one of `benchmarks.capture_variants`.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any

# In development Django keeps every query in a list, which would be measured too.
os.environ["DEBUG"] = "false"
os.environ.setdefault("SECRET_KEY", "benchmark-only-not-a-secret")

from benchmarks.capture_variants import CAPTURE, REDIS_URL, VARIANTS, with_middleware
from shop_demo.settings import *  # noqa: F403
from shop_demo.settings import DATABASES, INSTALLED_APPS
from shop_demo.settings import ECOM_LLM as _SHOP
from shop_demo.settings import MIDDLEWARE as _MIDDLEWARE

_VARIANT = VARIANTS[os.environ.get("CAPTURE_VARIANT", "none")]

ALLOWED_HOSTS = ["127.0.0.1"]
SECURE_SSL_REDIRECT = False
ROOT_URLCONF = "benchmarks.capture_page"
# Django opens a connection for each request unless it is told to keep them.
DATABASES["default"]["CONN_MAX_AGE"] = None if os.environ.get("CAPTURE_CONNECTIONS") == "kept" else 0
if os.environ.get("CAPTURE_JOURNAL") == "rollback":
    DATABASES["default"].pop("OPTIONS", None)

if find_spec("request"):
    INSTALLED_APPS = [*INSTALLED_APPS, "request"]

# What a shop has without anything that records; static files are nobody's matter here.
BASE_MIDDLEWARE = [name for name in _MIDDLEWARE if name != CAPTURE and "whitenoise" not in name]
MIDDLEWARE = with_middleware(BASE_MIDDLEWARE, _VARIANT)
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

ECOM_LLM: dict[str, Any] = {
    **_SHOP,
    "CAPTURE": {**_SHOP["CAPTURE"], **_VARIANT.capture_settings(os.environ.get("REDIS_URL", REDIS_URL))},
    "BACKENDS": {"default": {"BACKEND": "ecom_llm.generate.backends.echo.EchoBackend"}},
}
