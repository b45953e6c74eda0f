"""Four other ticket systems, started as a benchmark wants them; README.md tells how, and what is unfair about it."""

from typing import Final

from bench.peers.django_helpdesk import DjangoHelpdesk
from bench.peers.peer import Peer, Running
from bench.peers.redmine import Redmine
from bench.peers.request_tracker import RequestTracker
from bench.peers.roundup import Roundup

PEERS: Final[dict[str, Peer]] = {
    "request_tracker": RequestTracker(),
    "redmine": Redmine(),
    "django_helpdesk": DjangoHelpdesk(),
    "roundup": Roundup(),
}

__all__ = ["PEERS", "Peer", "Running"]
