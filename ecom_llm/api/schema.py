"""`schema/`: the OpenAPI 3 description of this API, and of nothing else of the shop's."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.views import SpectacularAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from ecom_llm import __version__
from ecom_llm.api.documented import documented
from ecom_llm.api.events import KINDS
from ecom_llm.api.throttles import SchemaThrottle
from ecom_llm.entities import EvidenceKind, Kind

SETTINGS: dict[str, Any] = {
    "TITLE": "ecom_llm",
    "DESCRIPTION": "Texts, recommendations and consent for a shop's pages; jobs and reviews for its staff.",
    "VERSION": __version__,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "ecom_llm.api.documented.add_refusals",
        "ecom_llm.api.documented.add_server",
    ],
    "ENUM_NAME_OVERRIDES": {
        "TextKindEnum": [(kind.value, kind.value) for kind in Kind],
        "EvidenceKindEnum": [(kind.value, kind.value) for kind in EvidenceKind],
        "EventKindEnum": [(kind, kind) for kind in KINDS],
    },
}


class SchemaView(SpectacularAPIView):
    """The schema as YAML, or as JSON for who accepts `application/vnd.oai.openapi+json`."""

    renderer_classes = [OpenApiYamlRenderer, OpenApiJsonRenderer]  # noqa: RUF012 - the parent's type is a list
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (SchemaThrottle,)
    content_negotiation_class = DefaultContentNegotiation
    versioning_class = None
    schema = AutoSchema()
    urlconf = "ecom_llm.urls"
    custom_settings = SETTINGS
    serve_public = True

    @documented("schema", exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Make the schema."""
        return super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
