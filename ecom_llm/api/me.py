"""`me/`: what is kept of a visitor, told or deleted at their own word."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from ecom_llm.api.base import OwnView
from ecom_llm.api.documented import ErrorSerializer, documented
from ecom_llm.api.errors import Unavailable
from ecom_llm.api.forms import NextSerializer, SeeOther, safe_target
from ecom_llm.api.throttles import MeThrottle
from ecom_llm.capture import identity
from ecom_llm.capture.boundary import boundary
from ecom_llm.capture.consent import consent_of, django_request, key_of_cookie
from ecom_llm.capture.erased import ask_to_forget
from ecom_llm.capture.pseudonyms import anonymous_keys
from ecom_llm.entities import Consent
from ecom_llm.privacy.accounts import keys_of
from ecom_llm.privacy.erasing import QUICK_STREAM_ENTRIES, Erased, finish
from ecom_llm.privacy.exporting import NOTE, export

FILE_NAME = "my-data.json"
# What a request may take to delete; a worker's sweep does the rest.
ERASE_SECONDS = 5.0


class ExportSerializer(serializers.Serializer[dict[str, Any]]):
    """All that is kept of the visitor who asks."""

    visitor = serializers.CharField(allow_null=True, help_text="Null where nothing can be told to be yours.")
    visitors = serializers.ListField(
        child=serializers.CharField(), help_text="With those linked to the account you are signed in to."
    )
    note = serializers.CharField()
    consent = serializers.CharField(allow_null=True)
    exported_at = serializers.DateTimeField()
    retention_days = serializers.DictField(child=serializers.IntegerField())
    accounts = serializers.ListField(child=serializers.DictField())
    erasures = serializers.ListField(child=serializers.DictField())
    broken_events = serializers.ListField(child=serializers.DictField())
    not_interested = serializers.ListField(child=serializers.DictField(), help_text="Products not to be recommended.")
    pairs = serializers.ListField(child=serializers.DictField(), help_text="Of products, that nobody else supports.")
    texts = serializers.ListField(child=serializers.DictField(), help_text="Written because of you alone.")
    jobs = serializers.ListField(child=serializers.DictField(), help_text="That wrote them.")
    events = serializers.ListField(child=serializers.DictField(), help_text="With every column that is kept.")
    waiting = serializers.ListField(child=serializers.DictField(), help_text="Events that are not stored yet.")
    is_complete = serializers.BooleanField(help_text="False where what waits to be stored could not be read.")


class ErasedSerializer(serializers.Serializer[dict[str, Any]]):
    """What was deleted."""

    visitors = serializers.IntegerField(help_text="Keys under which you were known, of which nothing is left.")
    events = serializers.IntegerField()
    broken_events = serializers.IntegerField()
    pairs = serializers.IntegerField()
    texts = serializers.IntegerField()
    jobs = serializers.IntegerField()
    accounts = serializers.IntegerField()
    not_interested = serializers.IntegerField()
    stream_entries = serializers.IntegerField()
    is_complete = serializers.BooleanField(help_text="False where so much is there that a worker deletes the rest.")


class AccountView(OwnView):
    """An endpoint about whoever asks: the browser by its cookie, and the account it is signed in to, if it is."""

    # Without a session cookie it reads no session. It is never what lets anyone in.
    authentication_classes = (SessionAuthentication,)
    throttle_classes = (MeThrottle,)


class MeView(AccountView):
    """A visitor's data."""

    @documented("export_me", responses={200: ExportSerializer})
    def get(self, request: Request) -> HttpResponseBase:
        """Everything that is kept of the visitor, as a file. At `anonymous` and `none` nothing can be told apart."""
        consent = consent_of(request)
        own = key_of_cookie(request) if consent is Consent.PERSONAL else set()
        keys = own | _keys_of_account(request)
        parts = export(
            keys,
            visitor=next(iter(own), ""),
            consent=consent.value,
            note=_(NOTE) if keys else _nothing(),
            most_waiting=QUICK_STREAM_ENTRIES,
        )
        inner = django_request(request)
        content = _without_waiting(parts) if isinstance(inner, ASGIRequest) else parts
        return StreamingHttpResponse(
            content,
            content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="{FILE_NAME}"'},
        )

    @documented("erase_me", request=None, responses={200: ErasedSerializer, 503: ErrorSerializer})
    def delete(self, request: Request) -> Response:
        """Delete everything that is kept of the visitor, and the cookie with their id."""
        answer = Response()
        answer.data = ErasedSerializer(asdict(_erase(request))).data
        _forget_cookie(answer)
        return answer


class EraseView(AccountView):
    """The same deletion, for a form without a script."""

    parser_classes = (FormParser, MultiPartParser)

    @documented(
        "erase_me_form",
        request=NextSerializer,
        responses={
            303: OpenApiResponse(description="Deleted: back to the page the form was on."),
            503: ErrorSerializer,
        },
    )
    def post(self, request: Request) -> HttpResponse:
        """Delete everything that is kept of the visitor, and lead on to `next`."""
        form = NextSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        _erase(request)
        redirect = SeeOther(safe_target(request, form.validated_data["next"]))
        _forget_cookie(redirect)
        return redirect


def _erase(request: Request) -> Erased:
    try:
        # Also what this browser did today and yesterday before it agreed to more.
        own = key_of_cookie(request)
        keys = own | anonymous_keys(django_request(request)) | _keys_of_account(request)
        ask_to_forget(keys, dropped=own)
    except DatabaseError as error:
        raise Unavailable(_("Your data cannot be deleted just now. Please try again in a minute.")) from error
    erased = Erased(is_complete=False)
    with boundary("erase"):
        erased = finish(keys, seconds=ERASE_SECONDS)
    return erased


def _keys_of_account(request: Request) -> set[str]:
    return keys_of(request.user) if request.user.is_authenticated else set()


def _forget_cookie(response: HttpResponseBase) -> None:
    # The next page gives a new id, if that is still agreed to.
    identity.delete_visitor_id(response)


def _nothing() -> str:
    return _("Nothing is kept that could be told to be yours: visits are counted without saying whose they are.")


async def _without_waiting(parts: Iterator[str]) -> AsyncIterator[str]:
    """The parts, each made in a thread: an event loop must not wait for the database."""
    while part := await sync_to_async(_next)(parts):
        yield part


def _next(parts: Iterator[str]) -> str:
    return next(parts, "")
