"""A web process compares searches with what a worker has made, and imports no torch for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_SECONDS = 120

SCRIPT = """
import sys
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
from tests.recommend.embeddings.conftest import PRODUCTS

settings.ECOM_LLM = settings.ECOM_LLM | {
    "CATALOG": {
        "ADAPTER": "ecom_llm.catalog.adapters.memory.MemoryCatalog",
        "OPTIONS": {"products": list(PRODUCTS)},
    },
    "RECOMMEND": {"EMBEDDINGS": "tiny/encoder"},
}
call_command("migrate", verbosity=0)

from ecom_llm.model_files import ModelSource
from ecom_llm.recommend import comparing
from ecom_llm.recommend.content import update_content
from ecom_llm.recommend.embeddings import comparing as with_encoder
from ecom_llm.recommend.rules import PageRules
from ecom_llm.recommend.search import matching_search
from tests.recommend.embeddings.tiny import TinyEncoder

# As a worker would.
with_encoder.Encoder = TinyEncoder
comparing.find_encoder = lambda: ModelSource("tiny", {})
update_content()
found = [item.product_id for item in matching_search("settee", 4, "en", (), PageRules())]
assert found == ["couch"], found
print("loaded:", [name for name in ("torch", "transformers", "safetensors") if name in sys.modules])
"""


def test_search_is_compared_without_torch(tmp_path: Path) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "TMPDIR": str(tmp_path)}
    environment.pop("ECOM_LLM_TEST_DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded: []"
