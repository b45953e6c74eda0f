"""The command `python -m bench.dataset`."""

import argparse
import time
from dataclasses import asdict
from pathlib import Path

from bench import dataset
from keesa.errors import Refused


def main() -> None:
    parser = argparse.ArgumentParser(
        "python -m bench.dataset",
        description=dataset.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, required=True, help="the folder of keesa.db")
    parser.add_argument("--database-url", help="of a PostgreSQL database; it is made where it is missing")
    options = parser.parse_args()
    begun = time.perf_counter()
    try:
        world = dataset.prepared(options.data, options.database_url, options.tickets, options.seed)
    except Refused as error:
        raise SystemExit(str(error)) from error
    print(f"{options.tickets:,} tickets in {time.perf_counter() - begun:.0f} s")
    for name, value in asdict(world).items():
        print(f"{name:16}{value if isinstance(value, int | str) else f'{len(value)}, such as {value[:3]}'}")


if __name__ == "__main__":
    main()
