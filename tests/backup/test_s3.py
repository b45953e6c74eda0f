"""Back-ups in a bucket of a real S3 service: by the command line, as an operator has them made."""

from collections.abc import Mapping

import obstore
import pytest
from obstore.store import S3Store

from command import keesa
from desks import OWN, rows_of
from places import NewPlace, Place

URL = "s3://back-ups/desk"


@pytest.fixture
def bucket(variables: Mapping[str, str]) -> S3Store:
    """Empty; SeaweedFS makes it with the first thing that is put there."""
    store = S3Store.from_url(
        URL,
        endpoint=variables["AWS_ENDPOINT"],
        access_key_id=variables["AWS_ACCESS_KEY_ID"],
        secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region="us-east-1",
        client_options={"allow_http": True},
    )
    obstore.put(store, "somebodys", b"file")
    obstore.delete(store, names(store))
    return store


def names(store: S3Store) -> list[str]:
    return sorted(entry["path"] for entries in obstore.list(store) for entry in entries)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_desk_comes_back_from_a_bucket(
    place: Place, new_place: NewPlace, bucket: S3Store, variables: Mapping[str, str]
) -> None:
    """What was put there is fetched and compared; the newest stay, and what is none of ours; nothing lies beside the
    data afterwards.
    """
    obstore.put(bucket, "somebodys", b"file")
    for kept in ("keesa-00000000-20200101T000000Z.keesa", "keesa-00000000-20200102T000000Z.keesa"):
        obstore.put(bucket, kept, b"another desk's")
    made = [keesa("backup", "--to", URL, "--keep", "1", place=place, variables=variables) for _ in range(2)]
    assert [(done.status, done.err) for done in made if done.status] == []
    found = [name for name in names(bucket) if not name.startswith("keesa-00000000")]
    assert (len(found), found[1:]) == (2, ["somebodys"])
    assert f"{URL}/{found[0]}" in made[1].out
    assert len(names(bucket)) == 4
    elsewhere = new_place()
    done = keesa("restore", f"{URL}/{found[0]}", place=elsewhere, variables=variables)
    assert done.status == 0, done.err
    before, after = rows_of(place), rows_of(elsewhere)
    assert {name for name in before if before[name] != after[name]} <= set(OWN)
    left = [path.name for each in (place, elsewhere) for path in each.data.iterdir()]
    assert not [name for name in left if name.startswith(".")]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_bucket_that_refuses_is_told_of(place: Place, bucket: S3Store, variables: Mapping[str, str]) -> None:
    """A wrong key, a file that is not there: in one sentence, and nothing is left beside the data."""
    wrong = {**variables, "AWS_SECRET_ACCESS_KEY": "another"}
    done = keesa("backup", "--to", URL, place=place, variables=wrong)
    assert (done.status, done.err.splitlines()[-1].startswith(f"keesa: {URL} does not do it: ")) == (1, True)
    done = keesa("restore", f"{URL}/none.keesa", "--data", str(place.data / "new"), variables=variables)
    assert (done.status, done.err.splitlines()[-1]) == (1, f"keesa: {URL} has no such file")
    assert names(bucket) == []
    assert not [path.name for path in place.data.iterdir() if path.name.startswith(".")]
