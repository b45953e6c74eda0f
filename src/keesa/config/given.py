"""What a setting was given and where, and what is wrong with it."""

from dataclasses import dataclass, field

from keesa.errors import Refused


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value stands."""

    told: str
    """Such as `KEESA_PORT`, or `/etc/keesa/keesa.toml, line 3`."""
    label: str
    """How a sentence about the value begins, such as `/etc/keesa/keesa.toml, line 3: port`."""
    line: int | None = None
    """Of the configuration file, from 1."""


@dataclass(frozen=True, slots=True)
class Given:
    value: object = field(repr=False)
    """It may be a secret."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class Fault:
    sentence: str
    line: int | None = None


class Misconfigured(Refused):
    """Settings are not fit: each sentence tells of one place, those of the configuration file by their lines."""

    def __init__(self, faults: list[Fault]) -> None:
        ordered = sorted(faults, key=lambda fault: (fault.line is None, fault.line or 0))
        self.sentences = tuple(fault.sentence for fault in ordered)
        super().__init__("; ".join(self.sentences))
