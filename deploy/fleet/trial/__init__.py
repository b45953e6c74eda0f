"""The fleet of docs/fleet.md on this machine's loopback, put to its faults: `make fleet`."""
