"""The file of a back-up: what was written comes back, or it is refused."""

import tarfile
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
from backports import zstd

from keesa.backup.archive import LARGEST_MANIFEST, Writer, check, read, read_manifest
from keesa.backup.manifest import FORMAT, Manifest
from keesa.errors import Refused

CONTENTS = {"keys/secret.key.age": b"", "keesa.db": bytes(range(256)) * 3, "tables/x/000000": b"a\tb\n" * 60}


def write(path: Path, told: Manifest | None = None) -> Manifest:
    """An archive of the contents, as a back-up of SQLite's would have."""
    with path.open("wb") as file:
        writer = Writer(file)
        for name, content in CONTENTS.items():
            writer.add(name, len(content), BytesIO(content))
        manifest = told or Manifest(
            made_at=1_700_000_000_000,
            keesa="1.2.3",
            engine="sqlite",
            schema=12,
            desk="00112233aabbccdd",
            zone="Indian/Maldives",
            number_form="yearly",
            tables={"x": 60, "empty": 0},
            columns={"x": ["one", "other"]},
            sequences={"x_id_seq": 60, "unused": None},
            members=writer.members,
        )
        writer.seal(manifest)
    return manifest


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive"
    write(path)
    return path


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    """The manifest and every member, each in its place."""
    path = tmp_path / "archive"
    written = write(path)
    assert read_manifest(path) == check(path) == written
    assert {member.name: content.read() for member, content in read(path)} == CONTENTS


def test_a_member_that_is_not_read_is_passed_over(archive: Path) -> None:
    """Whoever wants one of them need not read the others."""
    wanted = [content.read() for member, content in read(archive) if member.name == "tables/x/000000"]
    assert wanted == [CONTENTS["tables/x/000000"]]


def test_every_reader_of_tar_and_zstd_opens_it(archive: Path) -> None:
    """The seal behind the archive is passed over, as RFC 8878 asks."""
    with zstd.ZstdFile(archive) as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
        assert {info.name: tar.extractfile(info).read() for info in tar} == CONTENTS  # type: ignore[union-attr]


def test_one_changed_byte_is_noticed_wherever_it_is(archive: Path) -> None:
    """Each byte of the file in its turn."""
    whole = archive.read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        archive.write_bytes(changed)
        with pytest.raises(Refused, match=r"is damaged|is no whole back-up|was made by a newer Keesa"):
            check(archive)
    archive.write_bytes(whole)
    check(archive)


def test_a_file_that_was_cut_off_or_went_on_is_noticed(archive: Path) -> None:
    """Of whatever length; so is any other file."""
    whole = archive.read_bytes()
    for length in range(0, len(whole), 13):
        archive.write_bytes(whole[:length])
        with pytest.raises(Refused):
            check(archive)
    for other in (b"", whole + b"\0", whole + whole[-200:], b"KEESABAK" * 20, b"SQLite format 3\0" * 100):
        archive.write_bytes(other)
        with pytest.raises(Refused, match=r"is damaged|is no whole back-up"):
            check(archive)


def test_a_member_that_is_not_what_the_manifest_tells_is_noticed(tmp_path: Path) -> None:
    """Though the file is, to the byte, what was written."""
    written = write(tmp_path / "right")
    for number, member in enumerate(written.members):
        members = list(written.members)
        for wrong in (
            msgspec.structs.replace(member, sha256="0" * 64),
            msgspec.structs.replace(member, size=member.size + 1),
            msgspec.structs.replace(member, name="other"),
        ):
            members[number] = wrong
            write(tmp_path / "wrong", msgspec.structs.replace(written, members=members))
            with pytest.raises(Refused, match="is damaged"):
                check(tmp_path / "wrong")
    write(tmp_path / "wrong", msgspec.structs.replace(written, members=written.members[:-1]))
    with pytest.raises(Refused, match="is damaged"):
        check(tmp_path / "wrong")


def test_the_file_of_a_newer_keesa_is_refused_with_its_reason(tmp_path: Path) -> None:
    """Whatever else its manifest may tell then."""
    written = write(tmp_path / "old")
    write(tmp_path / "new", msgspec.structs.replace(written, format=FORMAT + 1))
    with pytest.raises(Refused, match="was made by a newer Keesa"):
        read_manifest(tmp_path / "new")


def test_a_manifest_without_a_bound_is_not_read(archive: Path) -> None:
    """Its length is looked at first."""
    whole = archive.read_bytes()
    tail = (LARGEST_MANIFEST + 1).to_bytes(4, "little") + whole[-40:]
    archive.write_bytes(whole[:-44] + tail)
    with pytest.raises(Refused, match="is damaged"):
        read_manifest(archive)
