"""What a shop's own tests can use: contracts that every catalogue adapter and every backend passes. Needs pytest."""

import pytest

# Before the imports, so that a failing assertion tells what it compared.
pytest.register_assert_rewrite("ecom_llm.testing.backends", "ecom_llm.testing.catalog")

from ecom_llm.testing.backends import BackendContract  # noqa: E402
from ecom_llm.testing.catalog import CatalogCase, CatalogContract  # noqa: E402

__all__ = ["BackendContract", "CatalogCase", "CatalogContract"]
