"""A bucket of S3's, or of a service that speaks as S3 does, by obstore: an extra (`pip install "keesa[s3]"`).

Where it is and who asks, the variables tell that other programs know too (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_REGION, AWS_ENDPOINT, AWS_ALLOW_HTTP).
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final, NamedTuple

from keesa.errors import Refused

try:
    import obstore
    from obstore.exceptions import BaseError
    from obstore.store import S3Store
except ImportError as missing:
    raise Refused('S3 needs the extra s3: run `pip install "keesa[s3]"`') from missing

__all__ = ["Patience", "obstore", "open_bucket", "told"]
"""What asks a bucket has `obstore` from here, so that somebody says what is missing."""

_CONNECTING: Final = timedelta(seconds=10)


class Patience(NamedTuple):
    request: timedelta
    """For one, with its body."""
    retries: int
    retrying: timedelta
    """For one with all of its retries."""


def open_bucket(url: str, patience: Patience) -> S3Store:
    """What lies below `s3://bucket/path`. Nobody is asked yet."""
    return S3Store.from_url(
        url,
        client_options={
            "timeout": patience.request,
            "connect_timeout": _CONNECTING,
            "allow_http": os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("true", "1"),
        },
        retry_config={"max_retries": patience.retries, "retry_timeout": patience.retrying},
    )


@contextmanager
def told(fails: Callable[[str], Exception]) -> Iterator[None]:
    """The service's refusals, in its own first line, as the errors that `fails` makes of it. What is not there and what
    is there already are told as of a disk: `FileNotFoundError`, `FileExistsError`.
    """
    try:
        yield
    except (FileNotFoundError, FileExistsError):
        raise
    except (BaseError, ValueError, OSError) as error:
        raise fails(str(error).splitlines()[0] if str(error) else type(error).__name__) from error
