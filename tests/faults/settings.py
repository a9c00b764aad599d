"""The settings of a process that a fault test starts: the test's own database and `ECOM_LLM`, told by environment."""

from __future__ import annotations

import json
import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, MIDDLEWARE

DATABASES["default"] |= json.loads(os.environ["ECOM_LLM_FAULT_DATABASE"])
CELERY_BROKER_URL = os.environ.get("ECOM_LLM_FAULT_BROKER", "")
ECOM_LLM = json.loads(os.environ["ECOM_LLM_FAULT_SETTINGS"])
CELERY_BEAT_SCHEDULE = json.loads(os.environ.get("ECOM_LLM_FAULT_BEAT", "{}"))
ROOT_URLCONF = "tests.faults.urls"
if os.environ.get("ECOM_LLM_FAULT_WITHOUT_CAPTURE"):
    MIDDLEWARE = [path for path in MIDDLEWARE if not path.startswith("ecom_llm.")]
