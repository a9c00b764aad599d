"""Which database holds the jobs and the texts they make, in a project that has several."""

from __future__ import annotations

from django.db import router

from ecom_llm.models import GenerationJob


def database() -> str:
    """The alias under which jobs are written, and read where a replica that lags would mislead.

    A transaction, and what waits for its end, must name it: without a name they are the default database's.
    """
    return router.db_for_write(GenerationJob)
