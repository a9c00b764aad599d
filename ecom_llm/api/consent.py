"""`me/consent/`: a visitor's decision, from the banner's form or from the script."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase, HttpResponseRedirect
from django.urls import get_script_prefix
from django.utils.http import url_has_allowed_host_and_scheme
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers, status
from rest_framework.authentication import SessionAuthentication
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from ecom_llm.api.base import PublicView
from ecom_llm.api.documented import documented
from ecom_llm.api.parsers import SmallJSONParser
from ecom_llm.api.throttles import ConsentThrottle
from ecom_llm.capture.consent import set_consent
from ecom_llm.entities import Consent


class SeeOther(HttpResponseRedirect):
    """A redirect that turns the form's POST into a GET."""

    status_code = status.HTTP_303_SEE_OTHER


class ConsentDecisionSerializer(serializers.Serializer[dict[str, Any]]):
    """How much of a visitor's behaviour may be kept."""

    level = serializers.ChoiceField(choices=[level.value for level in Consent])
    next = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        help_text="Where a form's answer leads; a path of this site.",
    )


class ConsentSerializer(serializers.Serializer[dict[str, Any]]):
    """What holds from now on; lower than what was asked where the browser objects to tracking."""

    level = serializers.ChoiceField(choices=[level.value for level in Consent])


class ConsentView(PublicView):
    """A visitor's decision on what may be kept. Needs the CSRF token that the banner carries."""

    parser_classes = (SmallJSONParser, FormParser, MultiPartParser)
    throttle_classes = (ConsentThrottle,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        SessionAuthentication().enforce_csrf(request)

    @documented(
        "decide_consent",
        request=ConsentDecisionSerializer,
        responses={
            200: ConsentSerializer,
            303: OpenApiResponse(description="The answer to a form: back to the page it was on."),
        },
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Set the consent cookie. JSON is answered in JSON, a form with a redirect to `next`."""
        decision = ConsentDecisionSerializer(data=request.data)
        decision.is_valid(raise_exception=True)
        asked = decision.validated_data
        if (request.content_type or "").startswith("application/json"):
            answer = Response()
            answer.data = ConsentSerializer({"level": set_consent(request, answer, asked["level"])}).data
            return answer
        redirect = SeeOther(_safe_target(request, asked["next"]))
        set_consent(request, redirect, asked["level"])
        return redirect


def _safe_target(request: Request, target: str) -> str:
    is_safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_safe else get_script_prefix()
