from __future__ import annotations

import os
import subprocess
import sys

SCRIPT = """
import sys
import django
django.setup()
from django.contrib import admin
from django.urls import get_resolver
admin.autodiscover()
get_resolver().url_patterns
import ecom_llm.templatetags.ecom_llm
print([name for name in ("torch", "transformers", "peft", "accelerate", "gguf") if name in sys.modules])
"""


def test_web_process_imports_no_model_library() -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    made = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (made.stdout.strip(), made.returncode) == ("[]", 0), made.stderr
