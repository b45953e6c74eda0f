"""The documents' own people and customers, and those around them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from keesa.accounts.actors import UserType

PASSWORD: Final = "Password123"  # noqa: S105 - printed in the documents; the demo is for everyone


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    email: str
    full_name: str
    nick_name: str
    user_type: UserType
    role: str
    customer_id: int | None = None


JANE_DOE, JOHN_SMITH, DOE, JOHN_DOE, JANE_SMITH, CUSTOMERS_USER, HASSAN, BOT = PEOPLE = (
    Person(1, "jane.doe@example.com", "Jane Doe", "Jane", "staff", "control_room"),
    Person(2, "john.smith@example.com", "John Smith", "Smith", "staff", "field_engineer"),
    Person(3, "doe@example.com", "Doe", "Doe", "staff", "field_engineer"),
    Person(4, "user@example.com", "John Doe", "John", "admin", "admin"),
    Person(5, "jane.smith@example.com", "Jane Smith", "Jane", "staff", "control_room"),
    Person(6, "customer@example.com", "Aminath Shifa", "Shifa", "customer", "customer", customer_id=20),
    Person(7, "engineer@example.com", "Hassan Waheed", "Hassan", "staff", "field_engineer"),
    Person(8, "bot@example.com", "Keesa Bot", "Bot", "bot", "bot"),
)

CUSTOMERS: Final[Mapping[int, tuple[str, str, int]]] = {
    1: ("Vilufushi Council", "Moosa", 7700101),
    2: ("Hanimaadhoo Airport", "Nasheeda", 7700102),
    3: ("Ungoofaaru Hospital", "Dr. Latheef", 7700103),
    4: ("Fuvahmulah School", "Shaheema", 7700104),
    5: ("Thulusdhoo Fish Market", "Adam", 7700105),
    20: ("Customer A", "John", 7735241),
    21: ("Customer X", "John", 7000111),
    22: ("Customer Y", "John", 7000011),
}
