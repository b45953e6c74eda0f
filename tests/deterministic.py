"""Property tests that ask the same questions at each run: what fails here fails everywhere."""

from hypothesis import HealthCheck, settings


def deterministic(examples: int) -> settings:
    """No clock decides, nothing is remembered; a fixture may serve all examples, which must not mind each other."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
