"""The README's lines, run as they are printed."""

import json
import re
import subprocess
from pathlib import Path

from live import LiveServer

README = Path(__file__).parents[1] / "README.md"


def test_the_curl_lines_work_as_printed(demo_server: LiveServer) -> None:
    """Every curl line of the first look answers what its comment says, with only the address put in."""
    found = re.search(r"```sh\n(.+?)```", README.read_text("utf-8"), re.DOTALL)
    assert found
    script = found[1].replace("http://127.0.0.1:8000", demo_server.url).replace("\ncurl -s", "\necho; curl -s")
    ran = subprocess.run(["sh", "-eu"], input=script, capture_output=True, text=True, check=True)
    lists, one, found_customers, raised, status, note, openapi = (
        json.loads(line) for line in ran.stdout.split("\n") if line
    )
    assert len(lists["data"]["tickets"]) == 6
    assert one["data"]["ticket"]["ticket_number"] == "2024001"
    assert {"id": 20, "name": "Customer A"}.items() <= found_customers["data"]["customers"][0].items()
    assert raised["title"] == "Jetty camera is dark"
    assert status == {"message": "Ticket status changed successfully"}
    assert note["success"]["comment"] == "Going there with the Thursday ferry"
    assert openapi["openapi"] == "3.1.0"
