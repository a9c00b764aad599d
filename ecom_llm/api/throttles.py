"""How often one address may ask. Each rate can be set under its scope in DRF's DEFAULT_THROTTLE_RATES."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.utils.crypto import salted_hmac
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from ecom_llm.traces import trace_of

logger = logging.getLogger(__name__)

_SALT = "ecom_llm.throttle"


class _OwnRateThrottle(AnonRateThrottle):
    default_rate: str

    def get_rate(self) -> str | None:
        # Read when used: REST framework itself reads its rates once, at import.
        rates: Mapping[str, Any] = api_settings.DEFAULT_THROTTLE_RATES or {}
        rate = rates.get(str(self.scope), self.default_rate)
        return None if rate is None else str(rate)

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        # By address even for those signed in; AnonRateThrottle would let them through unlimited.
        del view
        # A cache may be a table or files, and addresses are never stored.
        ident = salted_hmac(_SALT, self.get_ident(request), algorithm="sha256").hexdigest()
        return str(self.cache_format % {"scope": self.scope, "ident": ident})

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            return bool(super().allow_request(request, view))
        except Exception as error:
            # A cache that is down must not take the shop's pages along. An error tracker would add the address.
            logger.error(  # noqa: TRY400
                "The throttle %s could not reach the cache; the request is let through: %s", self.scope, trace_of(error)
            )
            return True


class ReadThrottle(_OwnRateThrottle):
    """Texts, recommendations and search copy, scope `ecom_llm_read`. Pages that wait for a text ask often."""

    scope = "ecom_llm_read"
    default_rate = "300/min"


class EventsThrottle(_OwnRateThrottle):
    """Batches of events, scope `ecom_llm_events`."""

    scope = "ecom_llm_events"
    default_rate = "120/min"


class ConsentThrottle(_OwnRateThrottle):
    """Decisions on consent, scope `ecom_llm_consent`."""

    scope = "ecom_llm_consent"
    default_rate = "30/min"


class ChoicesThrottle(_OwnRateThrottle):
    """What a visitor wants recommended, scope `ecom_llm_choices`."""

    scope = "ecom_llm_choices"
    default_rate = "60/min"


class MeThrottle(_OwnRateThrottle):
    """What is kept of a visitor, told or deleted, scope `ecom_llm_me`: both may read a long history."""

    scope = "ecom_llm_me"
    default_rate = "20/min"


class SchemaThrottle(_OwnRateThrottle):
    """The OpenAPI schema, scope `ecom_llm_schema`: making it is not cheap."""

    scope = "ecom_llm_schema"
    default_rate = "20/min"
