"""A web process, and one that only wakes workers, never imports the model's libraries."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_SECONDS = 180

LOADED = """
import sys
banned = ("torch", "transformers", "peft", "accelerate", "gguf", "safetensors", "tokenizers")
print("loaded:", [name for name in banned if name in sys.modules])
"""
SET_UP = """
import django
django.setup()
from django.conf import settings
# The real backend is configured, as it is in production; it must stay unloaded.
from shop_demo.settings import ECOM_LLM
"""
PAGES = """
settings.ECOM_LLM = ECOM_LLM
from django.core.management import call_command
from django.test import Client
from ecom_llm.models import GenerationJob
from ecom_llm.recommend.learning import learn
from shop_demo.models import Product
from shop_demo.seeding import seed_catalogue

call_command("migrate", verbosity=0)
seed_catalogue()
learn()
sku = Product.objects.listed().filter(description="")[0].sku
api = "/ecom-llm/api/v1/"
client = Client()
for path in (
    "/", "/products/", f"/products/{sku}/", "/search/?q=kettle", "/cart/", "/admin/login/", f"{api}schema/",
    f"{api}products/{sku}/texts/", f"{api}recommendations/?product_id={sku}", f"{api}search-copy/?q=kettle",
):
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
event = {"events": [{"kind": "select_item", "product_id": sku}]}
answer = client.post(f"{api}events/", event, "application/json", headers={"Origin": "http://testserver"})
assert answer.status_code < 300, answer.content
assert GenerationJob.objects.exists()
call_command("check", verbosity=0)
"""
WAKING = """
from celery import current_app
settings.ECOM_LLM = ECOM_LLM | {"GENERATE": {"DRIVER": "celery"}}
from shop_demo.celery import app
app.conf.broker_url = "memory://"
app.set_default()
import threading
import ecom_llm.tasks
from ecom_llm.generate.wake import wake
wake()
for thread in threading.enumerate():
    if thread is not threading.current_thread():
        thread.join(30)
with app.connection_for_read() as connection:
    assert connection.default_channel.queue_declare("ecom_llm", passive=True).message_count == 1
"""


@pytest.mark.parametrize("script", [PAGES, WAKING], ids=["pages and API", "waking a worker"])
def test_process_imports_no_model_library(script: str, tmp_path: Path) -> None:
    # The settings put the database into the folder for temporary files.
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "TMPDIR": str(tmp_path)}
    environment.pop("ECOM_LLM_TEST_DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, "-c", SET_UP + script + LOADED],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded: []"
