"""Property tests that ask the same questions at each run: what fails here fails everywhere."""

import importlib
import pkgutil
from typing import Final

from hypothesis import HealthCheck, settings

import bench
import keesa
from soaking import times

WIDER: Final = 10
"""Times as many examples in a soak."""

for _package in (keesa, bench):  # Hypothesis takes constants from what is loaded, whatever test came before this one
    for _module in pkgutil.walk_packages(_package.__path__, f"{_package.__name__}."):
        if not _module.name.endswith("__main__"):
            importlib.import_module(_module.name)


def deterministic(examples: int) -> settings:
    """No clock decides, nothing is remembered; a fixture may serve all examples, which must not mind each other."""
    return settings(
        max_examples=times(examples, WIDER * examples),
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
