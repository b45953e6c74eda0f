"""Which of the two forms an engine has."""

from keesa.db import Tx
from keesa.words.form import Form
from keesa.words.postgres_form import POSTGRES
from keesa.words.sqlite_form import SQLITE


def form_of(tx: Tx) -> Form:
    return SQLITE if tx.writes_alone else POSTGRES
