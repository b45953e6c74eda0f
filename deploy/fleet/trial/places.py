"""Which ports of loopback and which folders the three machines have, as values for the files of `deploy/fleet`."""

import secrets
from typing import TYPE_CHECKING, Final

from bench.programs import free_port

if TYPE_CHECKING:
    from pathlib import Path

MACHINES: Final = (1, 2, 3)
NODES: Final = (1, 2)
"""The machines with Keesa."""
SHARED: Final = ("POSTGRES", "PATRONI")
"""What a machine's HAProxy asks of the others, over the network."""
_SECRETS: Final = (
    "SUPERUSER_PASSWORD",
    "REPLICATION_PASSWORD",
    "REWIND_PASSWORD",
    "KEESA_PASSWORD",
    "PATRONI_PASSWORD",
    "SECRET",
)


Values = dict[str, str]


def choose(folder: "Path") -> dict[int, Values]:
    """The values of each machine, by its number: free ports, and passwords that nobody else knows."""
    common = {name: secrets.token_hex(20) for name in _SECRETS} | {"NETWORK": "127.0.0.1/32"}
    common |= {f"{name}{number}": _address() for name in ("ETCD", "PEER", *SHARED) for number in MACHINES}
    common |= {f"KEESA{number}": _address() for number in MACHINES} | {"FILES": str(folder / "files")}
    return {number: common | _own(number, common, folder / f"keesa{number}") for number in MACHINES}


def _own(number: int, common: Values, place: "Path") -> Values:
    return {name: common[f"{name}{number}"] for name in ("ETCD", "PEER", *SHARED)} | {
        "NAME": f"keesa{number}",
        "PRIMARY_PORT": str(free_port()),
        "PGBOUNCER_PORT": str(free_port()),
        "DESK": _address(),
        "KEESA_HOST": "127.0.0.1",
        "KEESA_PORT": common[f"KEESA{number}"].rpartition(":")[2],
        "ETCD_DATA": str(place / "data/etcd"),
        "POSTGRES_DATA": str(place / "data/postgres"),
        "POSTGRES_SOCKETS": str(place / "run"),
        "HAPROXY_SOCKET": str(place / "haproxy/admin.sock"),
        "USERLIST": str(place / "etc/userlist.txt"),
    }


def _address() -> str:
    return f"127.0.0.1:{free_port()}"
