"""The demo shop as tests run it: echo backend, nothing outside the process, a database of its own.

Environment: `ECOM_LLM_TEST_DATABASE_URL` runs everything on PostgreSQL instead of SQLite.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

# What a developer's shell says about the demo shop must not change what tests do.
for _name in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "ECOM_LLM_MODEL"):
    os.environ.pop(_name, None)
os.environ["DEBUG"] = "true"

from shop_demo.settings import *  # noqa: E402, F403
from shop_demo.settings import ECOM_LLM as _SHOP  # noqa: E402
from shop_demo.settings import env  # noqa: E402

DEBUG = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]

DATABASES: dict[str, dict[str, Any]]
if _url := os.environ.get("ECOM_LLM_TEST_DATABASE_URL"):
    DATABASES = {"default": env.db_url_config(_url)}
else:
    # A file, since threads and processes must meet in it; a folder for each run, so that runs do not meet.
    _folder = tempfile.TemporaryDirectory(prefix="ecom_llm_test_", ignore_cleanup_errors=True)
    _file = Path(_folder.name) / "test.sqlite3"
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": _file,
            "TEST": {"NAME": _file},
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=OFF;",
            },
        }
    }

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Static files are found where they lie; nothing has been collected.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True

ECOM_LLM: dict[str, Any] = {
    **_SHOP,
    # What a test did is in the table when it looks; the sinks that write later have tests of their own.
    "CAPTURE": {**_SHOP["CAPTURE"], "SINK": "ecom_llm.capture.sinks.direct.DirectSink"},
    "BACKENDS": {"default": {"BACKEND": "ecom_llm.generate.backends.echo.EchoBackend"}},
    "GENERATE": {"DRIVER": "worker"},
    # The encoder takes seconds to load; it has tests of its own.
    "RECOMMEND": {**_SHOP.get("RECOMMEND", {}), "EMBEDDINGS": ""},
}
