"""Budgets of property tests.

``HYPOTHESIS_PROFILE`` selects one: ``dev`` is quick, ``ci`` always tries the same examples, so that a result can be
repeated, and ``nightly`` searches for new ones.
"""

import os

from hypothesis import HealthCheck, settings

_EXAMPLES = {"dev": 25, "ci": 100, "nightly": 1000}


def load_profile() -> None:
    """Register the profiles and load the one that the environment selects. None of them limits the time."""
    for name, examples in _EXAMPLES.items():
        settings.register_profile(
            name,
            max_examples=examples,
            deadline=None,
            derandomize=name == "ci",
            print_blob=True,
            suppress_health_check=[HealthCheck.too_slow],
        )
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def scaled(factor: float, *, stateful_steps: int | None = None) -> settings:
    """The settings of a property that needs ``factor`` times the examples of the profile."""
    profile = settings()
    return settings(
        max_examples=max(1, round(factor * profile.max_examples)),
        stateful_step_count=stateful_steps or profile.stateful_step_count,
    )
