"""`texts/`: what is said in the shop, for staff to read and decide on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from drf_spectacular.utils import extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from ecom_llm.api.base import StaffView
from ecom_llm.api.documented import ErrorSerializer, documented
from ecom_llm.api.staff import ExactFilters, HasModelPermission, StaffPagination
from ecom_llm.entities import Kind
from ecom_llm.models import Text, TextVersion
from ecom_llm.publish import decisions

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Action = TypeVar("Action", bound=Callable[..., Response])
MAX_BODY_CHARACTERS = 20_000


class VersionSerializer(serializers.ModelSerializer[TextVersion]):
    """One wording, and all that it rests on."""

    decided_by = serializers.StringRelatedField[Any](read_only=True)

    class Meta:
        model = TextVersion
        fields = (
            "id", "state", "origin", "body", "facts", "cited", "findings", "prompt_version", "model",
            "weights", "created_at", "decided_at", "decided_by",
        )  # fmt: skip
        read_only_fields = fields


class TextSerializer(serializers.ModelSerializer[Text]):
    """What is said about one subject; `published` is the id of the version that shoppers see."""

    versions = VersionSerializer(many=True, read_only=True, help_text="Newest first.")

    class Meta:
        model = Text
        fields = ("id", "kind", "subject", "language", "product_id", "published", "created_at", "versions")
        read_only_fields = fields


class DecisionSerializer(serializers.Serializer[dict[str, Any]]):
    """Which version a decision is about: the one that the editor saw."""

    version = serializers.UUIDField()


class RejectionSerializer(DecisionSerializer):
    """A version to refuse, and why."""

    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=500)


class EditSerializer(DecisionSerializer):
    """A version to start from, and the editor's words."""

    body = serializers.CharField(max_length=MAX_BODY_CHARACTERS)


def _decision(name: str, body: type[serializers.Serializer[Any]] = DecisionSerializer) -> Callable[[Action], Action]:
    return documented(f"{name}_text", request=body, responses={200: TextSerializer, 409: ErrorSerializer})


@extend_schema_view(list=documented("list_texts"), retrieve=documented("get_text"))
class TextViewSet(StaffView, mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Text]):
    """Texts, newest first, each with its versions."""

    queryset = Text.objects.order_by("-id").prefetch_related("versions__decided_by")
    serializer_class = TextSerializer
    permission_classes = (HasModelPermission,)
    pagination_class = StaffPagination
    filter_backends = (ExactFilters,)
    exact_filters: Mapping[str, Sequence[str]] = {"kind": tuple(Kind)}
    # Whatever it is, so that what is no id is answered here too.
    lookup_value_regex = "[^/]+"

    @_decision("approve")
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Publish a version that is in review."""
        version, _ = self._asked(request, DecisionSerializer)
        decisions.approve(version, self._editor(request))
        return self._answer()

    @_decision("reject", RejectionSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Refuse a version; a published one leaves the shop at once."""
        version, asked = self._asked(request, RejectionSerializer)
        decisions.reject(version, self._editor(request), reason=asked["reason"])
        return self._answer()

    @_decision("edit", EditSerializer)
    @action(detail=True, methods=["post"])
    def edit(self, request: Request, pk: str) -> Response:
        """Publish the editor's own words as a new version."""
        version, asked = self._asked(request, EditSerializer)
        decisions.edit(version, asked["body"], self._editor(request))
        return self._answer()

    @_decision("roll_back")
    @action(detail=True, methods=["post"])
    def rollback(self, request: Request, pk: str) -> Response:
        """Publish an archived version again."""
        version, _ = self._asked(request, DecisionSerializer)
        decisions.rollback(version, self._editor(request))
        return self._answer()

    def _asked(
        self, request: Request, serializer_class: type[serializers.Serializer[Any]]
    ) -> tuple[TextVersion, dict[str, Any]]:
        text = self.get_object()
        asked = serializer_class(data=request.data)
        asked.is_valid(raise_exception=True)
        version = text.versions.filter(pk=asked.validated_data["version"]).first()
        if version is None:
            raise NotFound(f"Text {text.pk} has no version {asked.validated_data['version']}.")
        return version, asked.validated_data

    def _answer(self) -> Response:
        return Response(TextSerializer(self.get_object()).data)

    @staticmethod
    def _editor(request: Request) -> User:
        # HasModelPermission has let nobody else through.
        return cast("User", request.user)
