"""What a request could cost at the least, for the benchmark to compare Keesa with in the same run.

`bare` does an endpoint's work by plain SQL with nothing around it, `memory` answers an authenticated request without
any, and `engine_alone` runs the statements without HTTP. `with serving_bare(…) as running:` starts the first,
`with serving_memory(…) as running:` the second.
"""

from bench.limits.requests import (
    Asker,
    bare_create,
    bare_list,
    bare_note,
    bare_notes,
    bare_one,
    bare_status,
    memory_read,
)
from bench.limits.running import Running, serving_bare, serving_memory

__all__ = [
    "Asker",
    "Running",
    "bare_create",
    "bare_list",
    "bare_note",
    "bare_notes",
    "bare_one",
    "bare_status",
    "memory_read",
    "serving_bare",
    "serving_memory",
]
