"""A `keesa serve` of a trial, the commands that are run beside it, and the people who work there."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from deploy.trial.asking import status_of
from deploy.trial.processes import Process, wait_until

KEESA: Final = (sys.executable, "-m", "keesa")
ADMIN: Final = "admin@keesa.example"
ENGINEER: Final = "engineer@keesa.example"
VISITOR: Final = "visitor@keesa.example"
"""Who logs in and out, and has no session that anybody else needs."""

UNMET: Final = {f"KEESA_REQUESTS_PER_{kind}": "0" for kind in ("USER", "TOKEN", "ADDRESS")}
"""A trial's clients ask as often as they can."""


class Keesa(Process):
    """`environment` has its settings; `address` is where they have it listen."""

    def __init__(self, address: str, log: Path, environment: Mapping[str, str]) -> None:
        super().__init__([*KEESA, "serve"], log, environment=UNMET | dict(environment))
        self.address = address

    def wait_until_ready(self) -> None:
        wait_until(f"Keesa at {self.address} is ready", self._is_ready)

    def run(self, *command: str, given: str = "") -> None:
        """A command of Keesa's with the same settings. Raises RuntimeError with what it wrote where it fails."""
        done = subprocess.run(  # noqa: S603 - our own words
            [*KEESA, *command],
            input=given,
            env=self.variables(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"keesa {' '.join(command)}: {done.stdout}{done.stderr}")

    def make_people(self, password: str) -> None:
        """Those above, and the customer that tickets are raised for."""
        for email, kind in ((ADMIN, "admin"), (ENGINEER, "staff"), (VISITOR, "admin")):
            words = ("user", "add", email, "--name", f"The {kind}", "--type", kind, "--password-stdin")
            self.run(*words, given=f"{password}\n")
        contact = ("--contact-name", "Ibrahim", "--contact-number", "7771234")
        self.run("customer", "add", "Fulhadhoo Harbour", *contact)

    def _is_ready(self) -> bool:
        self.require_alive()
        return status_of(self.address, "/ready") == 200
