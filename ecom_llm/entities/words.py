"""The words that stages and tables share."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a text is for."""

    DESCRIPTION = "description"
    REASON = "reason"
    SEARCH_COPY = "search_copy"


class EventKind(StrEnum):
    """What a shopper did; the names are those of GA4."""

    VIEW_ITEM = "view_item"
    VIEW_ITEM_LIST = "view_item_list"
    SELECT_ITEM = "select_item"
    SEARCH = "search"
    ADD_TO_CART = "add_to_cart"
    PURCHASE = "purchase"
    USER_ENGAGEMENT = "user_engagement"


class Consent(StrEnum):
    """How much of a visitor's behaviour may be kept."""

    NONE = "none"
    ANONYMOUS = "anonymous"
    PERSONAL = "personal"


class EvidenceKind(StrEnum):
    """Why a product was picked."""

    VIEWED_AFTER = "viewed_after"
    VIEWED_TOGETHER = "viewed_together"
    ADDED_TOGETHER = "added_together"
    BOUGHT_TOGETHER = "bought_together"
    SAME_ATTRIBUTE = "same_attribute"
    SIMILAR = "similar"
    RELATED = "related"
    MATCHES_SEARCH = "matches_search"
    POPULAR = "popular"
    POPULAR_IN_CATEGORY = "popular_in_category"
    CHOSEN = "chosen"


class ListKind(StrEnum):
    """What a list of candidates rests on."""

    PAIRS = "pairs"
    ORDERS = "orders"
    CONTENT = "content"
    CATEGORY = "category"
    SHOP = "shop"
    FRESH = "fresh"


class Severity(StrEnum):
    """What a finding does: `block` keeps the text out of the shop, `warn` shows it to an editor."""

    BLOCK = "block"
    WARN = "warn"


class Origin(StrEnum):
    """Who wrote a version."""

    MODEL = "model"
    HUMAN = "human"
