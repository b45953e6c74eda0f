"""Uploads as clients of tus send them, request by request."""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import new
from typing import Final

from httpx2 import Response

from asking import Api

BYTES: Final[dict[str, str | None]] = {"Content_Type": "application/offset+octet-stream"}


def encoded(text: str | bytes) -> str:
    return b64encode(text.encode() if isinstance(text, str) else text).decode()


def checksum(algorithm: str, content: bytes) -> dict[str, str | None]:
    return {"Upload_Checksum": f"{algorithm} {encoded(new(algorithm, content).digest())}"}


@dataclass(frozen=True)
class Sender:
    """Whoever sends files to the desk."""

    api: Api

    def ask(self, method: str, path: str, content: bytes = b"", /, **headers: str | None) -> Response:
        """`Tus-Resumable` is sent, unless it is given as None; `_` in the name of a header stands for a hyphen."""
        said = {"Authorization": f"Bearer {self.api.token}", "Tus_Resumable": "1.0.0"} | headers
        sent = {name.replace("_", "-"): value for name, value in said.items() if value is not None}
        return self.api.client.request(method, f"/api/v1{path}", content=content, headers=sent)

    def begin(self, length: int, content: bytes = b"", /, **headers: str | None) -> Response:
        kind: dict[str, str | None] = BYTES if content else {}
        return self.ask("POST", "/uploads", content, **{"Upload_Length": str(length), **kind, **headers})

    def begun(self, length: int, name: str = "mast.jpg") -> str:
        """The path of a new upload, below the API's."""
        answer = self.begin(length, Upload_Metadata=f"filename {encoded(name)},filetype {encoded('image/jpeg')}")
        assert answer.status_code == 201, answer.text
        return str(answer.headers["Location"]).removeprefix("/api/v1")

    def send(self, path: str, offset: int, content: bytes, /, **headers: str | None) -> Response:
        return self.ask("PATCH", path, content, **{"Upload_Offset": str(offset), **BYTES, **headers})

    def offset(self, path: str) -> int:
        answer = self.ask("HEAD", path)
        assert answer.status_code == 200
        return int(answer.headers["Upload-Offset"])
