"""Writes down, beside the requests, failed logins that are no user's."""

from keesa.accounts.audit.unknown_logins import UnknownLogins, write
from keesa.api.periodic import Periodic
from keesa.clock import now
from keesa.db import Database


class GatheredLogins(Periodic):
    what = "failed logins"

    def __init__(self, database: Database, unknown: UnknownLogins) -> None:
        super().__init__()
        self._database = database
        self._unknown = unknown

    async def _write(self, *, last: bool) -> None:  # noqa: ARG002 - the last time is like any other
        gathered = self._unknown.take()
        if gathered is None:
            return
        at = now()
        try:
            await self._database.awrite(lambda tx: write(tx, gathered, at))
        except BaseException:
            self._unknown.put_back(gathered)
            raise
