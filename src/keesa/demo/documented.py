"""The tickets that the documents show, with their notes, statuses, dates and assignees.

Where the samples contradict each other:

- 2024001 has two titles and three descriptions: it has those that most of its samples print. It has all the notes that
  any of them prints, under the numbers that the 2024 document gives; 2021 gives the same numbers to notes of 2008022.
- 2011046 is raised by Jane Doe and assigned to Doe, and yet among the tickets that John Doe raised or is assigned: here
  it is John Doe who raised it.
- The image of 2024001 is drawn (`pictures.py`).
"""

from datetime import datetime
from typing import Final

from keesa.clock import milliseconds
from keesa.demo.keeping import KeptNote, KeptTicket
from keesa.demo.people import DOE, JANE_DOE, JANE_SMITH, JOHN_DOE, JOHN_SMITH


def _at(text: str) -> int:
    """A time as the documents print it, in their zone."""
    return milliseconds(datetime.fromisoformat(f"{text}+05:00"))


DOCUMENTED: Final = (
    KeptTicket(
        id=2024001,
        title="Network issue",
        description="Connection problems",
        ticket_type="customer_support",
        category="network",
        customer_id=20,
        contact=("John", 7735241),
        product_id=4,
        raised_by_id=JANE_DOE.id,
        raised_at=_at("2024-06-28T10:15:30.000"),
        assigned_to_id=JOHN_SMITH.id,
        notes=(
            KeptNote(JOHN_DOE.id, "Issue investigation started", _at("2024-06-28T10:30:00.000"), 271),
            KeptNote(JOHN_DOE.id, "Investigating the issue", _at("2024-06-28T12:30:15.000"), 277),
            KeptNote(JANE_SMITH.id, "Issue has been partially resolved", _at("2024-06-28T14:45:00.000"), 272),
        ),
    ),
    KeptTicket(
        id=2008022,
        title="Digital phones of the office",
        description="Two digital phones have no tone",
        ticket_type="roc_support",
        category="fault",
        customer_id=22,
        contact=("John", 7000011),
        product_id=1,
        raised_by_id=JANE_DOE.id,
        raised_at=_at("2020-08-17T09:21:44.512"),
        assigned_to_id=DOE.id,
        changes=(("in_progress", _at("2020-11-08T17:55:10.204")),),
        notes=(
            KeptNote(JOHN_DOE.id, "digital phone type changed", _at("2020-11-08T18:30:00.000"), 269),
            KeptNote(JOHN_DOE.id, "port changed", _at("2020-11-08T20:30:00.000"), 270),
        ),
    ),
    KeptTicket(
        id=2009004,
        title="MoE DS Monitoring",
        description="Check monitoring for 2 schools",
        priority=5,
        ticket_type="customer_support",
        category=None,
        customer_id=21,
        contact=("Mr. Doe", 7000111),
        product_id=22,
        raised_by_id=JOHN_DOE.id,
        raised_at=_at("2020-09-01T10:58:37.528"),
        assigned_to_id=JOHN_DOE.id,
        notes=(
            KeptNote(JOHN_DOE.id, "auto discovery in progress", _at("2020-09-01T11:06:12.223"), 273),
            KeptNote(
                JOHN_DOE.id,
                "N Manadhoo\r\nM Muli\r\nSh Maaungoodhoo",
                _at("2020-10-13T10:07:59.727"),
                274,
            ),
        ),
    ),
    KeptTicket(
        id=2011046,
        title="fix our Fax line",
        description="Fix fax line issues ",
        ticket_type="roc_support",
        category="service_order",
        customer_id=21,
        contact=("John", 7000111),
        product_id=1,
        raised_by_id=JOHN_DOE.id,
        raised_at=_at("2020-11-07T14:04:19.033"),
        assigned_to_id=DOE.id,
        notes=(
            KeptNote(
                JOHN_DOE.id,
                "<div><strong>sample comment<br></strong>something</div><ul><li>bullets</li></ul>",
                _at("2020-11-22T12:07:36.811"),
                275,
            ),
        ),
    ),
    KeptTicket(
        id=2012001,
        title="588 port change",
        description="588 port change",
        ticket_type=None,
        category="service_order",
        customer_id=22,
        contact=("John", 7000011),
        product_id=2,
        raised_by_id=JOHN_DOE.id,
        raised_at=_at("2020-12-01T10:58:50.050"),
        assigned_to_id=JOHN_DOE.id,
        changes=(("closed", _at("2020-12-01T15:40:00.000")),),
        closed_on="2020-12-01",
        notes=(KeptNote(JOHN_DOE.id, "port changed", _at("2020-11-30T18:30:30.714"), 276),),
    ),
)
