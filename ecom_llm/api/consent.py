"""`me/consent/`: a visitor's decision, from the banner's form or from the script."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from ecom_llm.api.base import OwnView
from ecom_llm.api.documented import documented
from ecom_llm.api.forms import NextSerializer, SeeOther, is_form, safe_target
from ecom_llm.api.parsers import SmallJSONParser
from ecom_llm.api.throttles import ConsentThrottle
from ecom_llm.capture.boundary import boundary
from ecom_llm.capture.consent import given_up, set_consent
from ecom_llm.entities import Consent
from ecom_llm.privacy.erasing import finish

# What a decision may wait for the deletion of what it gives up.
ERASE_SECONDS = 3.0


class ConsentDecisionSerializer(NextSerializer):
    """How much of a visitor's behaviour may be kept."""

    level = serializers.ChoiceField(choices=[level.value for level in Consent])


class ConsentSerializer(serializers.Serializer[dict[str, Any]]):
    """What holds from now on; lower than what was asked where the browser objects to tracking."""

    level = serializers.ChoiceField(choices=[level.value for level in Consent])


class ConsentView(OwnView):
    """A visitor's decision on what may be kept. Needs the CSRF token that the banner carries."""

    parser_classes = (SmallJSONParser, FormParser, MultiPartParser)
    throttle_classes = (ConsentThrottle,)

    @documented(
        "decide_consent",
        request=ConsentDecisionSerializer,
        responses={
            200: ConsentSerializer,
            303: OpenApiResponse(description="The answer to a form: back to the page it was on."),
        },
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Set the consent cookie, and delete what a lower level may not keep.

        JSON is answered in JSON, a form with a redirect to `next`.
        """
        decision = ConsentDecisionSerializer(data=request.data)
        decision.is_valid(raise_exception=True)
        asked = decision.validated_data
        if not is_form(request):
            answer = Response()
            answer.data = ConsentSerializer({"level": _decide(request, answer, asked["level"])}).data
            return answer
        redirect = SeeOther(safe_target(request, asked["next"]))
        _decide(request, redirect, asked["level"])
        return redirect


def _decide(request: Request, response: HttpResponseBase, level: str) -> Consent:
    allowed = set_consent(request, response, level)
    # What fails or takes too long is asked for by now, and a worker's sweep does it.
    with boundary("erase"):
        if keys := given_up(request, level):
            finish(keys, seconds=ERASE_SECONDS)
    return allowed
