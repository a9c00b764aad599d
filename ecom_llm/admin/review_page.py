"""The page on which an editor judges one text, and the decisions that it posts."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ecom_llm.admin.base import Base, product_names
from ecom_llm.admin.review import review_values
from ecom_llm.admin.subjects import product_ids_of, subject_name
from ecom_llm.exceptions import TransitionError
from ecom_llm.models import Text, TextVersion
from ecom_llm.publish import decisions

DONE = {
    "approve": gettext_lazy("Approved: shoppers see it now."),
    "reject": gettext_lazy("Rejected."),
    "edit": gettext_lazy("Your words are published."),
    "rollback": gettext_lazy("Rolled back: shoppers see that version again."),
}


class ReviewPage(Base):
    """Replaces the stock change form: versions are immutable, so only their state can change."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        decide = path(
            "<path:object_id>/decide/",
            self.admin_site.admin_view(self.decide_view),
            name="ecom_llm_text_decide",
        )
        return [decide, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The review page; `?version=` picks an older version."""
        text = self.get_object(request, unquote(object_id))
        if not self.has_view_or_change_permission(request, text):
            raise PermissionDenied
        version = None if text is None else _picked(text, request.GET.get("version", ""))
        if text is None or version is None:
            return self._gone(request)
        about = subject_name(text, product_names(product_ids_of([text])))
        values = {
            **self.admin_site.each_context(request),
            **review_values(text, version),
            "title": about,
            "opts": self.opts,
            "text": text,
            "decide_url": self._address("decide", text.pk),
            "original": text,
            "can_decide": self.has_change_permission(request, text),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/ecom_llm/text/review.html", values)

    def decide_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Carry out what the review page posts: `decision`, `version` and, as needed, `reason` or `body`."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        text = self.get_object(request, unquote(object_id))
        if not self.has_change_permission(request, text):
            raise PermissionDenied
        if text is None:
            return self._gone(request)
        decision = request.POST.get("decision", "")
        version = _picked(text, request.POST.get("version") or "-")
        if version is None or decision not in DONE:
            self.message_user(request, _("The form was incomplete; nothing was changed."), messages.ERROR)
        else:
            self._decide(request, decision, version)
        return HttpResponseRedirect(self._address("change", text.pk))

    def _address(self, name: str, *args: object) -> str:
        return reverse(f"{self.admin_site.name}:ecom_llm_text_{name}", args=args)

    def _gone(self, request: HttpRequest) -> HttpResponse:
        self.message_user(request, _("There is no such text or version."), messages.WARNING)
        return HttpResponseRedirect(self._address("changelist"))

    def _decide(self, request: HttpRequest, decision: str, version: TextVersion) -> None:
        editor = cast("User", request.user)
        try:
            if decision == "approve":
                decisions.approve(version, editor)
            elif decision == "reject":
                decisions.reject(version, editor, reason=request.POST.get("reason", "").replace("\0", ""))
            elif decision == "edit":
                decisions.edit(version, request.POST.get("body", ""), editor)
            else:
                decisions.rollback(version, editor)
        except TransitionError as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        self.message_user(request, DONE[decision], messages.SUCCESS)


def _picked(text: Text, version_id: str) -> TextVersion | None:
    """The version with this id, or the newest when none is given."""
    versions = text.versions.select_related("decided_by", "job")
    if not version_id:
        return versions.first()
    try:
        return versions.filter(pk=uuid.UUID(version_id)).first()
    except ValueError:
        return None
