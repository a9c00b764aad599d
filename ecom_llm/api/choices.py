"""`me/not-interested/` and `me/recommendations/`: what a visitor wants recommended, and from what."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.parsers import BaseParser, FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from ecom_llm.api.base import PublicView, require_own_page, visitor_of
from ecom_llm.api.documented import ErrorSerializer, documented
from ecom_llm.api.fields import StrictBooleanField, TextField, find_product
from ecom_llm.api.forms import PageFormSerializer, SeeOther, is_form, safe_target
from ecom_llm.api.parsers import SmallJSONParser
from ecom_llm.api.throttles import ChoicesThrottle
from ecom_llm.capture.general import set_general, wants_general
from ecom_llm.catalog.adapters.base import MAX_ID_CHARACTERS
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.recommend import feedback

NOBODY_TO_REMEMBER = "Nothing is kept of this visitor, so this cannot be either: they agreed to nothing, or gave it up."
NAME_ONE = "Name a product. Who is not remembered from visit to visit has no list of their own to empty."
BACK = OpenApiResponse(description="The answer to a form: back to the page it was on.")


class HideSerializer(PageFormSerializer):
    """A product that is not to be recommended again."""

    product_id = TextField(max_length=MAX_ID_CHARACTERS, help_text="A variant's stands for its product.")


class ShowAgainSerializer(PageFormSerializer):
    """Nothing but what every form of a page has."""

    token = TextField(max_length=200, trim_whitespace=False, help_text="The page's.")


class HiddenSerializer(serializers.Serializer[dict[str, Any]]):
    """The products that are not recommended to the visitor."""

    product_ids = serializers.ListField(child=serializers.CharField(), help_text="The newest first.")


class ChoiceSerializer(PageFormSerializer):
    """Whether recommendations may use what the visitor did."""

    personal = StrictBooleanField()


class ChosenSerializer(serializers.Serializer[dict[str, Any]]):
    """What holds."""

    personal = serializers.BooleanField(
        help_text="Whether recommendations may use what the visitor did, as far as their consent goes."
    )


class ChoicesView(PublicView):
    """A choice of the visitor's, from a form or from the script of one of the shop's own pages.

    Without Django's CSRF token, which would keep every page with recommendations out of caches.
    """

    parser_classes: tuple[type[BaseParser], ...] = (SmallJSONParser, FormParser, MultiPartParser)
    throttle_classes = (ChoicesThrottle,)


class NotInterestedView(ChoicesView):
    """Products that the visitor does not want to see recommended."""

    @documented("list_not_interested", responses={200: HiddenSerializer})
    def get(self, request: Request) -> Response:
        """The products that are not recommended to the visitor; none at `anonymous`, where keys may be shared."""
        visitor = visitor_of(request)
        return Response({"product_ids": feedback.unwanted_ids(visitor) if visitor.has_history else []})

    @documented(
        "hide_recommendation",
        request=HideSerializer,
        responses={204: None, 303: BACK, 404: ErrorSerializer},
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Never recommend a product to this visitor again; at `anonymous` for today.

        A form is answered with a redirect to `next`.
        """
        asked = HideSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        require_own_page(request, asked.validated_data["token"])
        product_id = get_catalog().product_id(find_product(asked.validated_data["product_id"]))
        is_kept = feedback.hide(visitor_of(request), product_id)
        if is_form(request):
            return SeeOther(safe_target(request, asked.validated_data["next"]))
        if not is_kept:
            raise PermissionDenied(NOBODY_TO_REMEMBER)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @documented(
        "show_recommendation_again",
        request=None,
        parameters=[
            OpenApiParameter("product_id", str, description="One product; at `personal` all of them when left out.")
        ],
        responses={204: None},
    )
    def delete(self, request: Request) -> Response:
        """Take it back, for one product or for all."""
        require_own_page(request)
        visitor = visitor_of(request)
        product_id = request.query_params.get("product_id")
        if product_id is None and not visitor.has_history:
            raise PermissionDenied(NAME_ONE)
        # No product's id holds a NUL, which a database may refuse to look for.
        if visitor.key and "\0" not in (product_id or ""):
            feedback.show_again(visitor, product_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ShowAgainView(ChoicesView):
    """The same deletion of all of them, for a form, which cannot send `DELETE`."""

    parser_classes = (FormParser, MultiPartParser)

    @documented("show_recommendations_again_form", request=ShowAgainSerializer, responses={303: BACK})
    def post(self, request: Request) -> HttpResponseBase:
        """Have all that was hidden recommended again, at `personal`, and lead on to `next`."""
        form = ShowAgainSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        require_own_page(request, form.validated_data["token"])
        visitor = visitor_of(request)
        # A form leads back to its page all the same, not to an answer for programs.
        if visitor.has_history:
            feedback.show_again(visitor)
        return SeeOther(safe_target(request, form.validated_data["next"]))


class RecommendationsChoiceView(ChoicesView):
    """Whether recommendations may use what the visitor did."""

    @documented("read_recommendations_choice", responses={200: ChosenSerializer})
    def get(self, request: Request) -> Response:
        """What the visitor has chosen; `true` until they choose."""
        return Response({"personal": not wants_general(request)})

    @documented("choose_recommendations", request=ChoiceSerializer, responses={200: ChosenSerializer, 303: BACK})
    def post(self, request: Request) -> HttpResponseBase:
        """Remember the choice in the browser; it changes nothing of what is kept, which consent decides.

        JSON is answered in JSON, a form with a redirect to `next`.
        """
        asked = ChoiceSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        require_own_page(request, asked.validated_data["token"])
        is_personal = asked.validated_data["personal"]
        answer: HttpResponseBase = Response({"personal": is_personal})
        if is_form(request):
            answer = SeeOther(safe_target(request, asked.validated_data["next"]))
        set_general(request, answer, is_general=not is_personal)
        return answer
