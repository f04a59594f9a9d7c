"""For each alert: what is not quite enough, what is too little to say, what makes it fire, and when it is over."""

from collections.abc import Mapping
from typing import Final

from tests.ops.alerts.burn_cases import BURN_CASES
from tests.ops.alerts.case import Case
from tests.ops.alerts.cause_cases import CAUSE_CASES
from tests.ops.alerts.symptom_cases import SYMPTOM_CASES

CASES: Final[Mapping[str, Case]] = {**SYMPTOM_CASES, **BURN_CASES, **CAUSE_CASES}
"""By the alert's name."""
