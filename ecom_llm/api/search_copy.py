"""`search-copy/`: the words above a page of search results."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ecom_llm import conf
from ecom_llm.api.base import PublicView
from ecom_llm.api.documented import documented
from ecom_llm.api.fields import LanguageField
from ecom_llm.capture.record import normalise_query
from ecom_llm.channels.search_copy import search_copy


class SearchCopyQuery(serializers.Serializer[dict[str, Any]]):
    """Which search."""

    q = serializers.CharField(help_text="The shopper's words; long ones are cut.")
    language = LanguageField()


class SearchCopySerializer(serializers.Serializer[dict[str, Any]]):
    """The words for one search; an empty text where there are none."""

    query = serializers.CharField(help_text="The search as it was understood: lower case, spaces collapsed, cut.")
    language = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    origin = serializers.CharField(allow_blank=True)
    is_pending = serializers.BooleanField(help_text="Whether a text for it is being written now.")


class SearchCopyView(PublicView):
    """The words above a page of search results."""

    @documented("search_copy", parameters=[SearchCopyQuery], responses=SearchCopySerializer)
    def get(self, request: Request) -> Response:
        """What is published for a search."""
        query = SearchCopyQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        language = query.validated_data["language"]
        words = normalise_query(query.validated_data["q"], conf.get_settings().capture.query_max_characters)
        shown = search_copy(words, language) if words else None
        return Response(
            SearchCopySerializer(
                {
                    "query": words,
                    "language": language,
                    "text": shown.text if shown else "",
                    "origin": shown.origin if shown else "",
                    "is_pending": shown.is_pending if shown else False,
                }
            ).data
        )
