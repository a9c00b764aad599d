"""What the staff's lists share: who may see and decide what, how they are filtered and cut."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_permission_codename
from django.db.models import Model, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.views import APIView


class HasModelPermission(IsAdminUser):
    """Staff with Django's `view` permission to read and its `change` permission to decide."""

    message = "Your account lacks the permission for this."

    def has_permission(self, request: Request, view: Any) -> bool:
        model: type[Model] = view.queryset.model
        options = model._meta
        actions = ("view", "change") if request.method in ("GET", "HEAD", "OPTIONS") else ("change",)
        names = [f"{options.app_label}.{get_permission_codename(action, options)}" for action in actions]
        return super().has_permission(request, view) and any(request.user.has_perm(name) for name in names)


class StaffPagination(PageNumberPagination):
    """50 a page, up to 200 on request."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200


class ExactFilters(BaseFilterBackend):
    """Filters by the view's `exact_filters`: parameter name, also the column's, to its known values."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        wanted = {}
        for name, known in self._filters(view).items():
            value = request.query_params.get(name, "")
            if value and value not in known:
                raise ValidationError({name: [f"{value[:50]!r} is none of {', '.join(known)}."]})
            if value:
                wanted[name] = value
        return queryset.filter(**wanted)

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Tell drf-spectacular of the parameters."""
        return [
            {
                "name": name,
                "in": "query",
                "required": False,
                "schema": {"type": "string", "enum": list(known)},
            }
            for name, known in self._filters(view).items()
        ]

    @staticmethod
    def _filters(view: Any) -> dict[str, tuple[str, ...]]:
        return {name: tuple(str(value) for value in known) for name, known in view.exact_filters.items()}
