"""The wheel holds all that a shop needs and nothing else, and works in a shop that has never seen this repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_SECONDS = 180

# What the shop below adds to its settings, and all that it adds.
FIVE_LINES = """\
INSTALLED_APPS += ["ecom_llm"]
MIDDLEWARE += ["ecom_llm.capture.middleware.CaptureMiddleware"]
ECOM_LLM = {"CATALOG": {"OPTIONS": {"model": "shop.Product", "fields": {"name": "title"}, "facts": FACTS}},
            "CAPTURE": {"PRODUCT_VIEWS": {"product": "pk"}},
            "BACKENDS": {"default": {"BACKEND": "ecom_llm.generate.backends.echo.EchoBackend"}}}
"""
SHOP = {
    "shop/__init__.py": "",
    "shop/models.py": """\
from django.db import models
from django.urls import reverse

class Product(models.Model):
    title = models.CharField(max_length=80)
    colour = models.CharField(max_length=40)
    material = models.CharField(max_length=40)

    def get_absolute_url(self):
        return reverse("product", args=[self.pk])
""",
    "shop/migrations/__init__.py": "",
    "shop/urls.py": """\
from django.shortcuts import get_object_or_404, render
from django.urls import include, path
from shop.models import Product

def product(request, pk):
    return render(request, "product.html", {"product": get_object_or_404(Product, pk=pk)})

urlpatterns = [path("p/<int:pk>/", product, name="product"), path("ecom-llm/", include("ecom_llm.urls"))]
""",
    "shop/templates/product.html": """\
{% load ecom_llm %}<!doctype html><title>{{ product.title }}</title>
{% product_description product %}{% consent_banner %}{% ecom_llm_scripts %}
""",
    "site_settings.py": """\
SECRET_KEY = "a throwaway shop"
ALLOWED_HOSTS = ["testserver"]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.staticfiles", "shop"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]
ROOT_URLCONF = "shop.urls"
STATIC_URL = "static/"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.sqlite3",
                         "OPTIONS": {"transaction_mode": "IMMEDIATE"}}}
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
              "OPTIONS": {"context_processors": ["django.template.context_processors.request"]}}]
FACTS = {"Colour": "colour", "Material": "material"}
"""
    + FIVE_LINES,
    "look.py": """\
import json
import django
django.setup()
from django.test import Client
import ecom_llm
from ecom_llm.capture.sinks.base import get_sink
from ecom_llm.models import Event
from shop.models import Product

lamp, _ = Product.objects.get_or_create(title="Reading Lamp", colour="green", material="brass")
browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
# Another shopper each time: the same one's second look within five seconds would be none.
address = f"192.0.2.{Event.objects.count() + 1}"
answer = Client(headers={"user-agent": browser}, REMOTE_ADDR=address).get(lamp.get_absolute_url())
# A thread would within a second, or the end of this process.
get_sink().flush()
events = list(Event.objects.values_list("kind", "product_id"))
print(json.dumps({"file": ecom_llm.__file__, "status": answer.status_code, "events": events, "id": str(lamp.pk),
                  "page": answer.content.decode()}))
""",
}

Run = Callable[..., subprocess.CompletedProcess[str]]


def run(*command: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a command of this Python's, and show what it said if it fails."""
    done = subprocess.run(  # type: ignore[call-overload]
        [sys.executable, *command], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False, **options
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    run("-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT))
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def files(wheel: Path) -> set[str]:
    """The names of the files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture
def in_shop(wheel: Path, tmp_path: Path) -> Run:
    """Run Python in a shop of its own, with the wheel installed and this checkout out of sight."""
    installed, shop = tmp_path / "installed", tmp_path / "project"
    run("-m", "pip", "--disable-pip-version-check", "install", "--no-deps", "--target", str(installed), str(wheel))
    for name, content in SHOP.items():
        (shop / name).parent.mkdir(parents=True, exist_ok=True)
        (shop / name).write_text(content)
    ours = ("ECOM_LLM_", "DJANGO_", "COV_", "PYTEST_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment |= {
        "PYTHONPATH": os.pathsep.join([str(installed), str(shop)]),
        "DJANGO_SETTINGS_MODULE": "site_settings",
    }

    def run_in_shop(*command: str) -> subprocess.CompletedProcess[str]:
        return run(*command, cwd=shop, env=environment)

    return run_in_shop


@pytest.mark.parametrize(
    "name",
    [
        "py.typed",
        "templates/ecom_llm/description.html",
        "templates/admin/ecom_llm/text/review.html",
        "templates/ecom_llm/prompts/description.en.txt",
        "templates/ecom_llm/prompts/reason.en.txt",
        "templates/ecom_llm/prompts/search_copy.en.txt",
        "static/ecom_llm/ecom_llm.js",
        "static/ecom_llm/ecom_llm.css",
        "locale/de/LC_MESSAGES/django.mo",
        "locale/fr/LC_MESSAGES/django.mo",
        "migrations/0001_initial.py",
        "management/commands/ecom_llm_worker.py",
    ],
)
def test_wheel_holds(files: set[str], name: str) -> None:
    assert f"ecom_llm/{name}" in files


def test_wheel_holds_every_file_of_the_package(files: set[str]) -> None:
    package = ROOT / "ecom_llm"
    own = {path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert {path.relative_to(ROOT).as_posix() for path in own} - files == set()


def test_wheel_holds_nothing_but_the_package(files: set[str]) -> None:
    folders = {name.split("/")[0] for name in files}
    assert "ecom_llm" in folders
    (metadata,) = folders - {"ecom_llm"}
    assert metadata.endswith(".dist-info")
    assert not [name for name in files if "__pycache__" in name or name.endswith((".pyc", ".sqlite3"))]


def test_wheel_drops_into_a_shop_with_five_lines_of_settings(in_shop: Run, tmp_path: Path) -> None:
    assert FIVE_LINES.count("\n") == 5
    in_shop("-m", "django", "makemigrations", "shop", "--verbosity", "0")
    in_shop("-m", "django", "migrate", "--verbosity", "0")
    checked = in_shop("-m", "django", "check")
    assert "System check identified no issues (0 silenced)." in checked.stdout + checked.stderr

    first = json.loads(in_shop("look.py").stdout)
    assert first["file"].startswith(str(tmp_path / "installed"))
    assert first["status"] == 200
    assert 'data-ecom-llm-origin="plain"' in first["page"]
    assert "Reading Lamp" in first["page"]

    in_shop("-m", "django", "ecom_llm_worker", "--once")
    second = json.loads(in_shop("look.py").stdout)
    assert 'data-ecom-llm-origin="model"' in second["page"]
    assert "brass" in second["page"]
    assert second["events"] == [["view_item", second["id"]]] * 2
