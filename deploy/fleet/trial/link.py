"""The network between a machine and the others: a proxy that passes bytes on, until it is cut.

    python -m deploy.fleet.trial.link 127.0.0.1:6001=127.0.0.1:5432 …

SIGUSR1 cuts it: nothing is passed and nothing is refused, as where a cable is pulled out. SIGUSR2 joins it again. A
line on its output says when.
"""

import asyncio
import signal
import sys
from typing import Final

_PIECE: Final = 65_536


class Link:
    def __init__(self) -> None:
        self._whole = asyncio.Event()
        self._whole.set()

    def cut(self) -> None:
        self._whole.clear()
        print("cut", flush=True)

    def join(self) -> None:
        self._whole.set()
        print("joined", flush=True)

    async def listen(self, here: str, there: str) -> asyncio.Server:
        async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._connect(there, reader, writer)

        host, _, port = here.rpartition(":")
        return await asyncio.start_server(pass_on, host, int(port))

    async def _connect(self, there: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._whole.wait()
        host, _, port = there.rpartition(":")
        try:
            other_reader, other_writer = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.transport.abort()
            return
        await asyncio.gather(self._pass(reader, other_writer), self._pass(other_reader, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One direction, until either side ends it."""
        try:
            while data := await reader.read(_PIECE):
                await self._whole.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            await self._whole.wait()  # nor does anybody hear that the other side has gone
            writer.close()


async def _serve(pairs: list[str]) -> None:
    link, loop = Link(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, link.cut)
    loop.add_signal_handler(signal.SIGUSR2, link.join)
    servers = [await link.listen(*pair.split("=")) for pair in pairs]
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1:]))
