"""`events/`: what the script saw a shopper do, in batches."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from ecom_llm.api.base import PublicView, refuse_foreign, require_own_page, visitor_of
from ecom_llm.api.documented import documented
from ecom_llm.api.throttles import EventsThrottle
from ecom_llm.capture.consent import django_request
from ecom_llm.capture.excluded import is_excluded
from ecom_llm.capture.record import record_events
from ecom_llm.catalog.adapters.base import MAX_ID_CHARACTERS
from ecom_llm.entities import EventKind

MAX_EVENTS = 50
MAX_AGO_MS = 24 * 60 * 60 * 1000
MAX_ENGAGEMENT_MS = 30 * 60 * 1000
# Purchases are recorded by the shop's own code (`record_purchase`): a browser could invent them.
KINDS = tuple(kind.value for kind in EventKind if kind is not EventKind.PURCHASE)
# What a kind cannot do without, where that is not a product alone.
NEEDED = {EventKind.SEARCH: ("query",), EventKind.USER_ENGAGEMENT: ("product_id", "engagement_ms")}


class EventSerializer(serializers.Serializer[dict[str, Any]]):
    """One thing a shopper did. Whose it is comes from the request's cookies, when from the server's own clock."""

    id = serializers.UUIDField(required=False, help_text="A UUID made by the sender; the same one twice counts once.")
    kind = serializers.ChoiceField(choices=KINDS)
    product_id = serializers.CharField(required=False, max_length=MAX_ID_CHARACTERS)
    query = serializers.CharField(required=False, help_text="For `search`: the words; long ones are cut.")
    quantity = serializers.IntegerField(required=False, min_value=1, max_value=10_000)
    ago_ms = serializers.IntegerField(
        required=False, default=0, min_value=0, max_value=MAX_AGO_MS, help_text="How long before sending it happened."
    )
    engagement_ms = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=MAX_ENGAGEMENT_MS,
        help_text="For `user_engagement`: how long the product's page was in front of the shopper.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for needed in NEEDED.get(attrs["kind"], ("product_id",)):
            if attrs.get(needed) in (None, ""):
                raise serializers.ValidationError({needed: [f"A {attrs['kind']} event needs it."]})
        return attrs


class BatchSerializer(serializers.Serializer[dict[str, Any]]):
    """A batch of events; each event is judged by itself."""

    token = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=200,
        help_text="From the page's script tag. Needed where the browser sends no same-origin header.",
    )
    events = serializers.ListField(child=serializers.JSONField(allow_null=True), max_length=MAX_EVENTS)


class BatchRequestSerializer(BatchSerializer):
    """How a batch looks to whoever sends one."""

    events = EventSerializer(many=True, help_text=f"At most {MAX_EVENTS}.")  # type: ignore[assignment]


class RejectedEventSerializer(serializers.Serializer[dict[str, Any]]):
    """An event that was not taken."""

    index = serializers.IntegerField(help_text="Its place in the batch, from 0.")
    error = serializers.CharField()


class BatchResultSerializer(serializers.Serializer[dict[str, Any]]):
    """What became of a batch."""

    accepted = serializers.IntegerField(
        help_text="0 for whoever is not recorded: a visitor who agreed to nothing, a robot, staff if the shop says so."
    )
    rejected = RejectedEventSerializer(many=True)


class EventsView(PublicView):
    """Takes what the script saw."""

    throttle_classes = (EventsThrottle,)

    def perform_authentication(self, request: Request) -> None:
        # REST framework would put nobody in the place of whom the shop's own middleware knows to be staff.
        del request

    @documented("record_events", request=BatchRequestSerializer, responses={202: BatchResultSerializer})
    def post(self, request: Request) -> Response:
        """Record a batch of at most 50 events in 64 KiB; wrong ones are named, the rest recorded."""
        refuse_foreign(request)
        batch = BatchSerializer(data=request.data)
        batch.is_valid(raise_exception=True)
        require_own_page(request, batch.validated_data["token"])
        accepted, rejected = _sort(batch.validated_data["events"])
        # A robot that runs scripts sees no product, and neither does staff where the shop leaves them out.
        is_wanted = accepted and not is_excluded(django_request(request))
        taken = record_events(visitor_of(request), accepted) if is_wanted else 0
        result = BatchResultSerializer({"accepted": taken, "rejected": rejected})
        return Response(result.data, status=status.HTTP_202_ACCEPTED)


def _sort(events: list[Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Valid events, and for each other one why it is refused."""
    accepted: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []
    for index, event in enumerate(events):
        serializer = EventSerializer(data=event)
        if serializer.is_valid():
            accepted.append(serializer.validated_data)
        else:
            rejected.append({"index": index, "error": _first_error(serializer.errors)})
    return accepted, rejected


def _first_error(errors: Any) -> str:
    for name, messages in errors.items():
        message = messages[0] if isinstance(messages, list) else messages
        return str(message) if name == "non_field_errors" else f"{name}: {message}"
    return "is not valid"
