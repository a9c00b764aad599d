"""What a shop's own tests can use: `CatalogContract`, which every catalogue adapter passes. Needs pytest."""

import pytest

# Before the import, so that a failing assertion tells what it compared.
pytest.register_assert_rewrite("ecom_llm.testing.catalog")

from ecom_llm.testing.catalog import CatalogCase, CatalogContract  # noqa: E402

__all__ = ["CatalogCase", "CatalogContract"]
