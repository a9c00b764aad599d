"""Who is not recorded whatever they agreed to: robots, pages fetched ahead, and staff where the shop says so."""

from __future__ import annotations

from django.http import HttpRequest

from ecom_llm import conf
from ecom_llm.capture import counters
from ecom_llm.capture.bots import is_bot, is_prefetch


def is_excluded(request: HttpRequest) -> bool:
    """Whether what this request shows is not to be recorded; what is left out is counted by reason."""
    reason = _reason(request)
    if reason:
        counters.count(f"events.skipped.{reason}")
    return bool(reason)


def is_unwanted_staff(request: HttpRequest) -> bool:
    """Whether a member of staff looks at a shop that does not record them.

    With `CAPTURE["RECORD_STAFF"]` on, the account is not even looked at. Off, it is for visitors with a session.
    """
    if conf.get_settings().capture.record_staff:
        return False
    session = getattr(request, "session", None)
    # A session's every use adds `Vary: Cookie` to the page, which is not ours to change.
    was_accessed = getattr(session, "accessed", None)
    is_staff = bool(getattr(getattr(request, "user", None), "is_staff", False))
    if session is not None and was_accessed is not None:
        session.accessed = was_accessed
    return is_staff


def _reason(request: HttpRequest) -> str:
    if is_bot(request.META.get("HTTP_USER_AGENT", "")):
        return "bot"
    if is_prefetch(request):
        return "prefetch"
    return "staff" if is_unwanted_staff(request) else ""
