"""`keesa`, and `python -m keesa`."""

from keesa.cli import run


def main() -> None:
    run()


if __name__ == "__main__":
    main()
