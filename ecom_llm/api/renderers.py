"""Writes answers as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import JSONRenderer


class EscapingJSONRenderer(JSONRenderer):
    """JSON in ASCII alone."""

    ensure_ascii = True


class AnyTextJSONRenderer(JSONRenderer):
    """JSON that can hold any string, as a refusal repeats what it was sent: half a surrogate pair, say."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        try:
            return super().render(data, accepted_media_type, renderer_context)
        except UnicodeEncodeError:
            # UTF-8 cannot write it; its escape is plain letters and digits.
            return EscapingJSONRenderer().render(data, accepted_media_type, renderer_context)
