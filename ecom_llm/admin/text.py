"""Texts in lists: find them, decide on many at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from ecom_llm.admin.base import product_names
from ecom_llm.admin.review_page import ReviewPage
from ecom_llm.admin.subjects import product_ids_of, subject_name
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.exceptions import TransitionError
from ecom_llm.models import Text, TextVersion
from ecom_llm.publish import decisions

SEARCHED_PRODUCTS = 100


class NewestStateFilter(admin.SimpleListFilter):
    """By the state of the newest version."""

    title = gettext_lazy("newest version")
    parameter_name = "newest"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in TextVersion.State.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(newest_state=self.value()) if self.value() else queryset


class TextList(ChangeList):
    """A page of texts, with the names of all their products read in one query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        names = product_names(product_ids_of(self.result_list))
        for text in self.result_list:
            # Columns are asked for row by row; the row is the only thing they are given.
            text.subject_name = subject_name(text, names)


@admin.register(Text)
class TextAdmin(ReviewPage):
    """Every text of the shop; open one to judge it."""

    list_display = ("about", "newest_state", "is_published", "findings", "kind", "newest_origin", "language")
    list_display_links = ("about",)
    list_filter = (NewestStateFilter, "kind", "language")
    search_fields = ("subject", "=product_id", "versions__body")
    search_help_text = gettext_lazy("Words of a text, a product's name or id, or a search.")
    ordering = ("-id",)
    list_per_page = 50
    actions = ("approve_newest", "reject_newest")

    class Media:
        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("ecom_llm/admin.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Text]:
        newest = TextVersion.objects.filter(text=OuterRef("pk")).order_by("-id")
        return cast("QuerySet[Text]", super().get_queryset(request)).annotate(
            newest_state=Subquery(newest.values("state")[:1]),
            newest_origin=Subquery(newest.values("origin")[:1]),
            newest_findings=Subquery(newest.values("findings")[:1]),
        )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TextList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Text], search_term: str
    ) -> tuple[QuerySet[Text], bool]:
        """Also finds texts by the names of the products they are about."""
        found, has_duplicates = super().get_search_results(request, queryset, search_term)
        if search_term:
            catalog = get_catalog()
            named = [catalog.product_id(item) for item in catalog.search(search_term, SEARCHED_PRODUCTS)]
            found = found | queryset.filter(product_id__in=named)
        return found, has_duplicates

    @admin.display(description=pgettext_lazy("text", "about"), ordering="subject")
    def about(self, text: Text) -> str:
        """The product's name, the pair's names or the search."""
        return str(getattr(text, "subject_name", text.subject))

    @admin.display(description=pgettext_lazy("text", "newest"), ordering="newest_state")
    def newest_state(self, text: Any) -> str:
        """The state of the newest version."""
        return str(TextVersion.State(text.newest_state).label) if text.newest_state else "-"

    @admin.display(description=pgettext_lazy("text", "by"), ordering="newest_origin")
    def newest_origin(self, text: Any) -> str:
        """Who wrote the newest version."""
        return text.newest_origin or "-"

    @admin.display(description=gettext_lazy("findings"))
    def findings(self, text: Any) -> int:
        """How much the guard or an editor found in the newest version."""
        return len(text.newest_findings or ())

    @admin.display(description=pgettext_lazy("text", "live"), boolean=True)
    def is_published(self, text: Text) -> bool:
        """Whether shoppers see a version of it."""
        return text.published_id is not None

    @admin.action(description=gettext_lazy("Approve the newest version"), permissions=["change"])
    def approve_newest(self, request: HttpRequest, queryset: QuerySet[Text]) -> None:
        """Publish the newest version of each, where it is in review."""
        count = self._decide_on_each(request, queryset, decisions.approve)
        if count:
            message = ngettext("Approved %(count)d text.", "Approved %(count)d texts.", count)
            self.message_user(request, message % {"count": count}, messages.SUCCESS)

    @admin.action(description=gettext_lazy("Reject the newest version"), permissions=["change"])
    def reject_newest(self, request: HttpRequest, queryset: QuerySet[Text]) -> None:
        """Refuse the newest version of each; published ones leave the shop."""
        count = self._decide_on_each(request, queryset, decisions.reject)
        if count:
            message = ngettext("Rejected %(count)d text.", "Rejected %(count)d texts.", count)
            self.message_user(request, message % {"count": count}, messages.SUCCESS)

    def _decide_on_each(
        self,
        request: HttpRequest,
        queryset: QuerySet[Text],
        decide: Callable[[TextVersion, User], object],
    ) -> int:
        """Carry a decision out where it can be; gives the number of texts."""
        count = 0
        for text in queryset:
            version = text.versions.first()
            try:
                if version is not None:
                    decide(version, cast("User", request.user))
                    count += 1
            except TransitionError as error:
                self.message_user(request, f"{text}: {error}", messages.WARNING)
        return count
