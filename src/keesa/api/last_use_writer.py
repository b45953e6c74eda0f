"""Writes down, beside the requests, when sessions and API tokens were last used."""

from itertools import islice

from keesa.accounts.last_use import BATCH, PRECISION, Key, LastUse, write_last_use
from keesa.api.periodic import Periodic
from keesa.clock import now
from keesa.db import Database


class LastUseWriter(Periodic):
    what = "times of last use"

    def __init__(self, database: Database, last_use: LastUse) -> None:
        super().__init__()
        self._database = database
        self._last_use = last_use

    async def _write(self, *, last: bool) -> None:
        at, apart = now(), 0 if last else PRECISION
        due = iter(self._last_use.due(at, all_of_them=last).items())
        while batch := dict(islice(due, BATCH)):
            await self._write_batch(batch, apart)
            self._last_use.wrote(batch, at)

    async def _write_batch(self, batch: dict[Key, int], apart: int) -> None:
        await self._database.awrite(lambda tx: write_last_use(tx, batch, apart))
