"""Rules by which the shop itself decides what is recommended: list, add, change, switch on and off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from ecom_llm.admin.base import Base
from ecom_llm.admin.rule_form import RuleForm
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.entities import ProductFacts
from ecom_llm.models import RecommendationRule
from ecom_llm.recommend.rules import Rules, forget_rules, load_rules

Action = RecommendationRule.Action


class StateFilter(admin.SimpleListFilter):
    """By whether a rule holds at this moment."""

    title = pgettext_lazy("rule", "state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        del request, model_admin
        return [
            ("now", _("holds now")),
            ("later", _("begins later")),
            ("ended", pgettext("rule", "ended")),
            ("off", pgettext("rule", "off")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        del request
        now = timezone.now()
        has_ended, begins_later = Q(ends_at__lte=now), Q(starts_at__gt=now)
        # Written out, as NOT of a comparison with null is null.
        goes_on, has_begun = Q(ends_at=None) | Q(ends_at__gt=now), Q(starts_at=None) | Q(starts_at__lte=now)
        conditions = {
            "now": Q(is_active=True) & goes_on & has_begun,
            "later": Q(is_active=True) & goes_on & begins_later,
            "ended": Q(is_active=True) & has_ended,
            "off": Q(is_active=False),
        }
        return queryset.filter(conditions.get(self.value() or "", Q()))


class RuleList(ChangeList):
    """A page of rules, with all their products read in one query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        ids = {found for rule in self.result_list for found in (rule.product_id, rule.seed_id) if found}
        catalog = get_catalog()
        # Rules made from code may name variants, which stand for their products.
        parents = catalog.parent_ids(ids) if ids else {}
        products = catalog.in_bulk(set(parents.values())) if parents else {}
        own = {item: products[parent] for item, parent in parents.items() if parent in products}
        facts = {item: catalog.facts(product) for item, product in own.items()}
        previews = {item: _preview(facts[item].name, _hindrance(product)) for item, product in own.items()}
        now = timezone.now()
        rules = load_rules(now)
        for rule in self.result_list:
            # Columns are asked for row by row; the row is the only thing they are given.
            rule.previews = previews
            rule.is_overruled = _is_overruled(rule, rules, facts, now)


@admin.register(RecommendationRule)
class RuleAdmin(Base):
    """What the shop wants recommended, the newest first."""

    form = RuleForm
    list_display = ("action", "product", "where", "effect", "state", "note", "created_by")
    list_filter = ("action", StateFilter, "created_by")
    list_select_related = ("created_by",)
    search_fields = ("=product_id", "product_category", "=seed_id", "seed_category", "query", "note")
    search_help_text = gettext_lazy("A product's exact id, or words of a category, a search or a note.")
    ordering = ("-pk",)
    actions = ("switch_on", "switch_off")
    readonly_fields = ("created_by", "created_at")
    fieldsets = (
        (pgettext_lazy("rule", "What"), {"fields": ("action", "product_id", "product_category", "place", "factor")}),
        (
            pgettext_lazy("rule", "Where"),
            {
                "fields": ("seed_id", "seed_category", "query"),
                "description": gettext_lazy("Leave all empty for the whole shop, or fill in one."),
            },
        ),
        (pgettext_lazy("rule", "When"), {"fields": ("is_active", "starts_at", "ends_at")}),
        (gettext_lazy("For the team"), {"fields": ("note", "created_by", "created_at")}),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RuleList

    def save_model(self, request: HttpRequest, obj: RecommendationRule, form: Any, change: bool) -> None:  # noqa: FBT001
        if not change:
            obj.created_by_id = request.user.pk
        super().save_model(request, obj, form, change)

    @admin.display(description=gettext_lazy("product or category"), ordering="product_id")
    def product(self, rule: RecommendationRule) -> str:
        """The product's name as the catalogue has it now, with what keeps it from being shown; or the category."""
        return _name(rule, rule.product_id) or _("all of %(category)s") % {"category": rule.product_category}

    @admin.display(description=pgettext_lazy("rule", "where"))
    def where(self, rule: RecommendationRule) -> str:
        """The pages on which it holds."""
        if rule.seed_id:
            return _("beside: %(product)s") % {"product": _name(rule, rule.seed_id)}
        if rule.seed_category:
            return _("on pages of: %(category)s") % {"category": rule.seed_category}
        if rule.query:
            return _("searches with “%(query)s”") % {"query": rule.query}
        return _("everywhere")

    @admin.display(description=gettext_lazy("effect"))
    def effect(self, rule: RecommendationRule) -> str:
        """What it does there, in short."""
        if rule.action == Action.PIN:
            return _("place %(place)d") % {"place": rule.place}
        if rule.action == Action.BOOST:
            return _("score times %(factor)s") % {"factor": formats.number_format(rule.factor)}
        return _("left out")

    @admin.display(description=pgettext_lazy("rule", "state"))
    def state(self, rule: RecommendationRule) -> str:
        """Whether it holds now, and until when or from when."""
        now = timezone.now()
        if not rule.is_active:
            return pgettext("rule", "off")
        if rule.ends_at is not None and rule.ends_at <= now:
            return _("ended %(time)s") % {"time": _written(rule.ends_at)}
        if rule.starts_at is not None and rule.starts_at > now:
            return _("begins %(time)s") % {"time": _written(rule.starts_at)}
        if getattr(rule, "is_overruled", False):
            return _("overruled by “Never recommend”")
        return _("until %(time)s") % {"time": _written(rule.ends_at)} if rule.ends_at else _("holds now")

    @admin.action(description=gettext_lazy("Switch on"), permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[RecommendationRule]) -> None:
        """Have the rules hold, within their dates."""
        count = _switch(queryset, is_active=True)
        message = ngettext("Switched %(count)d rule on.", "Switched %(count)d rules on.", count)
        self.message_user(request, message % {"count": count}, messages.SUCCESS)

    @admin.action(description=gettext_lazy("Switch off"), permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[RecommendationRule]) -> None:
        """Keep the rules, without effect."""
        count = _switch(queryset, is_active=False)
        message = ngettext("Switched %(count)d rule off.", "Switched %(count)d rules off.", count)
        self.message_user(request, message % {"count": count}, messages.SUCCESS)


def _switch(queryset: QuerySet[RecommendationRule], *, is_active: bool) -> int:
    count = queryset.update(is_active=is_active)
    # An update sends no signal.
    forget_rules()
    return count


def _is_overruled(rule: RecommendationRule, rules: Rules, facts: Mapping[str, ProductFacts], now: datetime) -> bool:
    """Whether what a rule pins or raises is never recommended on the pages on which it holds."""
    if rule.action == Action.EXCLUDE:
        return False
    seed, product = facts.get(rule.seed_id), facts.get(rule.product_id)
    here = rules.on_page(
        now,
        seed_id=seed.product_id if seed is not None else "",
        category=seed.category if seed is not None else rule.seed_category,
        query=rule.query,
    )
    if product is None:
        return here.is_excluded("", rule.product_category)
    return here.is_excluded(product.product_id, product.category)


def _preview(name: str, hindrance: str) -> str:
    return f"{name} ({hindrance})" if hindrance else name


def _hindrance(product: Any) -> str:
    """Why a product is not shown whatever a rule says; empty when it can be."""
    catalog = get_catalog()
    if not catalog.is_visible(product):
        return _("hidden")
    return "" if catalog.is_available(product) else _("sold out")


def _name(rule: RecommendationRule, product_id: str) -> str:
    previews: Mapping[str, str] = getattr(rule, "previews", {})
    gone = _("no longer in the catalogue")
    return previews.get(product_id) or (_preview(product_id, gone) if product_id else "")


def _written(moment: datetime) -> str:
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return formats.date_format(local, "SHORT_DATETIME_FORMAT")
