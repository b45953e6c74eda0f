"""A real S3 service (SeaweedFS) for the tests, on free ports, gone with them."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from listening import free_port, is_listening

_WEED: Final = Path(sys.executable).parent / "weed"
KEY: Final = "operator"
SECRET: Final = "secret of the operator's"
_SECONDS: Final = 60.0


@contextmanager
def s3_service(folder: Path) -> Iterator[Mapping[str, str]]:
    """The variables with which it is found."""
    port = free_port()
    allowed = {"name": "operator", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [allowed]}))
    with (folder / "weed.log").open("wb") as log:
        process = subprocess.Popen([*_command(folder), f"-s3.port={port}"], stdout=log, stderr=log)
    try:
        assert is_listening(process, port, _SECONDS), (folder / "weed.log").read_text()
        yield {
            "AWS_ENDPOINT": f"http://127.0.0.1:{port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }
    finally:
        process.kill()  # nothing of it is needed any more, and it would take its time
        process.wait()


def _command(folder: Path) -> list[str]:
    ports = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc")
    return [
        str(_WEED),
        "server",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-dir={folder}",
        "-filer",
        "-s3",
        f"-s3.config={folder / 's3.json'}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-s3.port.grpc={free_port()}",
        "-master.volumeSizeLimitMB=32",
        "-volume.max=32",
        *(f"-{name}={free_port()}" for name in ports),
    ]
