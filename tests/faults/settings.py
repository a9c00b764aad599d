"""The settings of a process that a fault test starts: the test's own database and `ECOM_LLM`, told by environment."""

from __future__ import annotations

import json
import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

DATABASES["default"] |= json.loads(os.environ["ECOM_LLM_FAULT_DATABASE"])
CELERY_BROKER_URL = os.environ.get("ECOM_LLM_FAULT_BROKER", "")
# Redis has one key space for every test of a machine; a queue of one's own keeps them apart.
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 2, "socket_timeout": 5}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
ECOM_LLM = json.loads(os.environ["ECOM_LLM_FAULT_SETTINGS"])
