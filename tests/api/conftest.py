"""What tests of the API share."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core import signing
from django.test import Client
from django.utils import timezone

from ecom_llm.capture.identity import SALT
from ecom_llm.entities import Kind, TextKey
from ecom_llm.models import Event, Text, TextVersion
from ecom_llm.publish.drafts import Draft, store
from tests.conftest import MakeCatalog

ROOT = "/ecom-llm/api/v1/"
# The value of REST_FRAMEWORK for a test that asks more often than a shopper.
SCOPES = ("read", "events", "consent", "choices", "me", "schema")
NO_RATES = {"DEFAULT_THROTTLE_RATES": {f"ecom_llm_{scope}": None for scope in SCOPES}}


@pytest.fixture(autouse=True)
def _catalog(db: None, memory_catalog: MakeCatalog) -> None:
    memory_catalog()


@pytest.fixture
def page() -> dict[str, str]:
    """The headers that a browser sends from the shop's own page."""
    return {"Origin": "http://testserver"}


@pytest.fixture
def editor() -> User:
    """Staff who may decide on texts and read jobs."""
    user = User.objects.create_user("ed", password="ed", is_staff=True)
    names = ("view_text", "change_text", "view_generationjob")
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user


@pytest.fixture
def editor_client(editor: User) -> Client:
    """A browser in which the editor is signed in."""
    client = Client()
    client.force_login(editor)
    return client


def make_text(body: str = "A light jacket.", *, subject: str = "jacket-1", in_review: bool = False) -> TextVersion:
    """A description of `jacket-1`, published or waiting for review."""
    facts = {subject: {"Material": "recycled nylon"}}
    version = store(
        TextKey(Kind.DESCRIPTION, subject, "en-gb"), Draft(body=body, facts=facts, cited={}), product_id=subject
    )
    if in_review:
        TextVersion.objects.filter(pk=version.pk).update(state=TextVersion.State.IN_REVIEW)
        Text.objects.update(published=None)
        version.refresh_from_db()
    return version


def browser_of(visitor: str, **options: Any) -> Client:
    """A browser that has agreed to everything."""
    client = Client(**options)
    client.cookies["ecom_llm_consent"] = "personal"
    client.cookies["ecom_llm_visitor"] = signing.get_cookie_signer(salt=SALT).sign(visitor)
    return client


def record(visitor: str) -> Event:
    """An event of a visitor's."""
    values = {"kind": "view_item", "product_id": "jacket-1", "consent": "personal"}
    return Event.objects.create(visitor=f"p:{visitor}", occurred_at=timezone.now(), **values)


def rows_of(visitor: str) -> list[dict[str, Any]]:
    """All that is recorded of a visitor."""
    return list(Event.objects.filter(visitor=f"p:{visitor}").values())
