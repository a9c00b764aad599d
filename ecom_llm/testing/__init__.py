"""What a shop's own tests can use: `CatalogContract`, which every catalogue adapter passes."""

from ecom_llm.testing.catalog import CatalogCase, CatalogContract

__all__ = ["CatalogCase", "CatalogContract"]
