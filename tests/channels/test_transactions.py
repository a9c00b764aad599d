"""A failing query of ours leaves the shop's own transaction as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from ecom_llm.capture.visitors import NOBODY
from ecom_llm.channels import product_page
from ecom_llm.models import CandidateList, Text
from tests.products import SAMPLE_PRODUCTS

pytestmark = pytest.mark.django_db


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, memory_catalog: Callable[..., Any]) -> Iterator[None]:
    """Tables that our migrations have not made yet."""
    memory_catalog()
    for model in (Text, CandidateList):
        monkeypatch.setattr(model._meta, "db_table", "not_there")
    yield
    for model in (Text, CandidateList):
        for field in model._meta.fields:
            # Django keeps a column's table with the field, where later tests would find it.
            field.__dict__.pop("cached_col", None)


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize(
    "read",
    [
        lambda: product_page.description(SAMPLE_PRODUCTS[0], "en"),
        lambda: product_page.recommendations(visitor=NOBODY, product=SAMPLE_PRODUCTS[0]),
    ],
)
def test_shop_can_go_on_in_its_transaction(read: Callable[[], object]) -> None:
    with transaction.atomic():
        with pytest.raises(DatabaseError):
            read()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,)
