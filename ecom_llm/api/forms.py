"""Answers the forms of pages without a script: back to the page that they were on."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseRedirect
from django.urls import get_script_prefix
from django.utils.http import url_has_allowed_host_and_scheme
from rest_framework import serializers, status
from rest_framework.request import Request

from ecom_llm.api.fields import TextField


class NextSerializer(serializers.Serializer[dict[str, Any]]):
    """Where the answer to a form leads."""

    next = TextField(
        required=False, default="", allow_blank=True, help_text="Where a form's answer leads; a path of this site."
    )


class PageFormSerializer(NextSerializer):
    """A form of a page that may be the same for everyone, so that caches can keep it."""

    token = TextField(
        required=False,
        default="",
        allow_blank=True,
        max_length=200,
        help_text="The page's. Needed where the browser sends no same-origin header.",
    )


class SeeOther(HttpResponseRedirect):
    """A redirect that turns the form's POST into a GET."""

    status_code = status.HTTP_303_SEE_OTHER


def is_form(request: Request) -> bool:
    """Whether a form was posted, rather than JSON by a script."""
    return not (request.content_type or "").startswith("application/json")


def safe_target(request: Request, target: str) -> str:
    """Where a form's answer may lead.

    Args:
        request: the form's.
        target: where it asks to be led.

    Returns:
        The target if it is a page of this site, else the site's first page.
    """
    is_safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_safe else get_script_prefix()
