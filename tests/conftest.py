"""What holds for all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Hypothesis measures no time, as it does by itself where CI is set: a machine that is busy would fail tests.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
