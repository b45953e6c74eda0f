"""A checkpoint of ours that is killed once it has written the file's header, as a program to run on the file."""

from typing import Final

KILLED_CHECKPOINT: Final = """
import os, sqlite3, sys
file = sys.argv[1]
connection = sqlite3.connect(file, isolation_level=None)
connection.execute("PRAGMA wal_autocheckpoint = 0")
mark = connection.execute("PRAGMA user_version").fetchone()[0]
connection.execute(f"PRAGMA user_version = {mark + 1}")
log, page = open(file + "-wal", "rb").read(), 4096
frames = [log[place : place + 24 + page] for place in range(32, len(log), 24 + page)]
header = [frame[24:] for frame in frames if frame[:4] == bytes([0, 0, 0, 1]) and frame[8:16] == log[16:24]][-1]
with open(file, "r+b") as opened:
    opened.write(header)
    opened.flush()
    os._exit(0)
"""
"""The mark of one of ours, and of the pages the first, which tells of more than the file has yet."""
