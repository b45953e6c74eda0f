"""The metrics of a server or an application, as Prometheus' own library reads them."""

from typing import Final
from urllib.request import Request, urlopen

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from starlette.testclient import TestClient

TOKEN: Final = "a-token-of-the-tests-to-read-metrics"
BEARER: Final = {"Authorization": f"Bearer {TOKEN}"}


class Scrape(dict[str, Metric]):
    """Families by the name that their series have; of a counter that ends with `_total`."""

    def __init__(self, text: str) -> None:
        found = list(text_string_to_metric_families(text))
        super().__init__({f"{one.name}_total" if one.type == "counter" else one.name: one for one in found})
        self.text = text
        assert len(self) == len(found)

    def value(self, name: str, **labels: str) -> float:
        """The sum of the series that have these labels; 0 where there is none."""
        return sum(each.value for each in self.samples(name) if labels.items() <= each.labels.items())

    def samples(self, name: str) -> list[Sample]:
        """Of a family, or of one of a histogram's series."""
        return [each for one in self.values() for each in one.samples if each.name == name]


def scrape(client: TestClient) -> Scrape:
    """Of an application in this process."""
    answer = client.get("/metrics", headers=BEARER)
    assert answer.status_code == 200, answer.text
    return Scrape(answer.text)


def scrape_url(url: str) -> Scrape:
    """Of a server."""
    with urlopen(Request(f"{url}/metrics", headers=BEARER), timeout=30) as answer:  # noqa: S310 - loopback
        return Scrape(answer.read().decode())
