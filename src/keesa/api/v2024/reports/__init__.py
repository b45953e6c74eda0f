"""Reports: how many tickets there are, were raised and closed, how long they took, and who has how much."""

from keesa.api.v2024.reports import counting, oldest, times, workload

ROUTES = [*counting.ROUTES, *times.ROUTES, *workload.ROUTES, *oldest.ROUTES]
