"""Telephone numbers: what is understood as one, and how it is kept."""

import pytest

from keesa.directory.phones import Phone, phone_to_keep, read_phone, written_of


@pytest.mark.parametrize(
    ("given", "number", "written"),
    [
        (7771234, 7771234, "7771234"),
        (0, 0, "0"),
        ("7771234", 7771234, "7771234"),
        ("0777123", 777123, "0777123"),
        ("00960 7771234", 9607771234, "00960 7771234"),
        ("+960 777-1234", 9607771234, "+960 777-1234"),
        ("+9607771234", 9607771234, "+9607771234"),
        ("(960) 777 1234", 9607771234, "(960) 777 1234"),
        ("(+960) 777 1234", 9607771234, "(+960) 777 1234"),
        ("+44 (0) 20 7946 0958", 4402079460958, "+44 (0) 20 7946 0958"),
        ("777.12.34", 7771234, "777.12.34"),
        ("777/1234", 7771234, "777/1234"),
        ("[960] 777 - 1234", 9607771234, "[960] 777 - 1234"),
        ("  777 1234\t", 7771234, "777 1234"),
        ("777\u00a01234", 7771234, "777\u00a01234"),
        ("777\u202f1234", 7771234, "777\u202f1234"),
        ("777\u20101234", 7771234, "777\u20101234"),
        ("777\u20111234", 7771234, "777\u20111234"),
        ("777\u20131234", 7771234, "777\u20131234"),
        ("777\u22121234", 7771234, "777\u22121234"),
        ("\uff0b960\uff0f777", 960777, "\uff0b960\uff0f777"),
        ("\u0667\u0667\u0667\u0661\u0662\u0663\u0664", 7771234, "\u0667\u0667\u0667\u0661\u0662\u0663\u0664"),
        ("\u202a+960 777 1234\u202c", 9607771234, "+960 777 1234"),
        ("777\u200b1234", 7771234, "7771234"),
        ("7771234.0", 7771234, "7771234"),
        ("9" * 15, 10**15 - 1, "9" * 15),
    ],
)
def test_a_telephone_number_is_understood(given: str | int, number: int, written: str) -> None:
    """Digits of any script, with or without a plus, set apart by blanks, hyphens, dots, slashes and brackets."""
    assert read_phone(given) == Phone(number, written)


@pytest.mark.parametrize(
    "given",
    [
        *(-1, 10**15, 2**70),
        *(
            "",
            " ",
            "\u00a0",
            "+",
            "-",
            "()",
            "+ ()",
            "\u200b",
            "-1",
            ".5",
            "/1",
            "1-",
            "1+",
            "++1",
            "+1+",
            "1 +2",
            "*100#",
        ),
        *("x", "many", "777x", "ext 5", "777 ext 5", "tel:777", "1e5", "0x10", "777,1234", "777;1234", "a" * 10_000),
        *("\u00b2", "777\u00b2", "\u2460", "\u00bd", "777\n1234", "777\x001234", "777\t1234"),
        *("9" * 16, "+" + "9" * 16, "0" * 16, "9" * 100_000, " " * 100_000 + "9" * 16, "1" + " " * 40 + "2"),
    ],
)
def test_what_is_no_telephone_number_is_none(given: str | int) -> None:
    """Nothing to call, more than fifteen digits, or longer than anybody writes one."""
    assert read_phone(given) is None


@pytest.mark.parametrize(
    ("given", "kept"), [(7771234, None), ("7771234", None), ("0777123", "0777123"), ("+960 777", "+960 777")]
)
def test_the_writing_is_kept_where_the_integer_does_not_say_it(given: str | int, kept: str | None) -> None:
    """What was kept before there was a writing shows the digits of the integer."""
    phone = read_phone(given)
    assert phone is not None
    assert phone_to_keep(phone) == kept
    assert written_of(phone.number, kept) == str(given)
