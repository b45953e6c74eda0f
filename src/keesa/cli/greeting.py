"""What is said to a newcomer when the demo serves: who may log in, and what to try first."""

from collections.abc import Iterator, Sequence
from typing import Final

from keesa.accounts.users import list_users
from keesa.cli.options import existing_database
from keesa.config import Config
from keesa.demo.people import PASSWORD, PEOPLE, Person
from keesa.errors import KeesaError

_KINDS: Final = {"control_room": "control room", "field_engineer": "engineer", "customer": "a customer's user"}


def greeting(people: Sequence[Person], address: str) -> str:
    """The lines after the one with the address, for these people of the demo; none where there are none."""
    address = address.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")  # good to be called
    return "\n".join(_lines(people, address)) + "\n" if people else ""


def demo_people(config: Config) -> list[Person]:
    """Whom of the demo's people the database has, where the demo was asked for: another desk may have been there."""
    if not config.demo:
        return []
    try:
        with existing_database(config) as database:
            kept = {user.actor.email for user in database.read(list_users) if not user.disabled}
    except KeesaError:
        return []  # a greeting stops no server
    return [person for person in PEOPLE if person.email in kept]


def _lines(people: Sequence[Person], address: str) -> Iterator[str]:
    first = next((person for person in people if person.user_type == "admin"), people[0])
    api = f"{address}/api/v1"
    yield ""
    yield f"Everybody in this demo has the password {PASSWORD}:"
    yield ""
    width = max(len(person.email) for person in people)
    for person in people:
        yield f"  {person.email:{width}}  {person.full_name}, {_KINDS.get(person.role, person.role)}"
    yield ""
    yield "Log in, in another terminal; the answer has the token for all else:"
    yield ""
    yield f"  curl -s {api}/auth/login -H 'Content-Type: application/json' \\"
    yield f'    -d \'{{"user": "{first.email}", "password": "{PASSWORD}"}}\''
    yield ""
    yield "README.md goes on from there. All calls, as OpenAPI documents:"
    yield ""
    yield f"  {api}/openapi.json?version=2024"
    yield f"  {api}/openapi.json?version=2021"
    yield ""
    yield "Ctrl-C stops it."
