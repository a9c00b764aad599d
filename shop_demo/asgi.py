"""ASGI entry point of the demo shop."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop_demo.settings")

_django = get_asgi_application()

# Only now are the apps there.
from ecom_llm.capture.lifespan import ending_orderly  # noqa: E402

application = ending_orderly(_django)
