"""The shares of callers' rates, taken from the database that all processes share."""

from keesa.accounts import request_rates
from keesa.db import Database
from keesa.web.rate_windows import WINDOW, Taken


class RequestShares:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, subject: str, asked: int, since: int, at: int) -> Taken:
        """One short write."""
        return Taken(
            *await self._database.awrite(
                lambda tx: request_rates.take(tx, subject, asked, since=since, at=at, window=WINDOW)
            )
        )
