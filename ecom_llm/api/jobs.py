"""`jobs/`: the queue, for staff to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from drf_spectacular.utils import extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.viewsets import GenericViewSet

from ecom_llm.api.base import StaffView
from ecom_llm.api.documented import documented
from ecom_llm.api.staff import ExactFilters, HasModelPermission, StaffPagination
from ecom_llm.entities import Kind
from ecom_llm.models import GenerationJob


class JobSerializer(serializers.ModelSerializer[GenerationJob]):
    """One text to be generated."""

    class Meta:
        model = GenerationJob
        fields = (
            "id", "kind", "subject", "language", "product_id", "state", "priority", "attempts", "runs_alone",
            "worker", "prompt_version", "created_at", "started_at", "finished_at", "expires_at", "error",
        )  # fmt: skip
        read_only_fields = fields


@extend_schema_view(list=documented("list_jobs"), retrieve=documented("get_job"))
class JobViewSet(StaffView, mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[GenerationJob]):
    """Jobs, newest first."""

    queryset = GenerationJob.objects.order_by("-id")
    serializer_class = JobSerializer
    permission_classes = (HasModelPermission,)
    pagination_class = StaffPagination
    filter_backends = (ExactFilters,)
    exact_filters: Mapping[str, Sequence[str]] = {
        "kind": tuple(Kind),
        "state": tuple(GenerationJob.State.values),
    }
    # Whatever it is, so that what is no id is answered here too.
    lookup_value_regex = "[^/]+"
