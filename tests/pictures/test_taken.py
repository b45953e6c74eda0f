"""When, where and with what a picture was taken: told where the operator keeps that, and only then."""

import json
from collections.abc import Iterator

import pytest
from PIL import ExifTags, Image

from pictures import Preparing, drawn, encoded, preparing


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Preparing]:
    with preparing(tmp_path_factory.mktemp("keeping"), keep_data=True) as made:
        yield made


def exif_of(main: dict[int, object], detail: dict[int, object], gps: dict[int, object]) -> bytes:
    exif = Image.Exif()
    exif.update(main)
    exif.get_ifd(ExifTags.IFD.Exif).update(detail)
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(gps)
    return exif.tobytes()


MALE = exif_of(
    {ExifTags.Base.Make: "Keesa", ExifTags.Base.Model: "K-1"},
    {
        ExifTags.Base.DateTimeOriginal: "2024:06:28 10:15:30",
        ExifTags.Base.OffsetTimeOriginal: "+05:00",
        ExifTags.Base.LensModel: "28 mm f/1.8",
    },
    {
        ExifTags.GPS.GPSLatitudeRef: "N",
        ExifTags.GPS.GPSLatitude: (4.0, 10.0, 31.5),
        ExifTags.GPS.GPSLongitudeRef: "E",
        ExifTags.GPS.GPSLongitude: (73.0, 30.0, 33.0),
        ExifTags.GPS.GPSAltitude: 2.5,
        ExifTags.GPS.GPSImgDirection: 270.25,
    },
)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_what_a_camera_tells(keeping: Preparing, prepare: Preparing, kind: str) -> None:
    """As JSON; nothing where it is not kept."""
    content = encoded(drawn(), kind, exif=MALE)
    assert prepare(content).taken is None
    taken = keeping(content).taken
    assert taken == {
        "at": "2024-06-28T10:15:30+05:00",
        "latitude": 4.17541670,
        "longitude": 73.5091667,
        "altitude": 2.5,
        "direction": 270.2,
        "make": "Keesa",
        "model": "K-1",
        "lens": "28 mm f/1.8",
    }
    assert json.loads(json.dumps(taken)) == taken


def test_south_west_and_below(keeping: Preparing) -> None:
    """They are below zero."""
    gps: dict[int, object] = {
        ExifTags.GPS.GPSLatitudeRef: "S",
        ExifTags.GPS.GPSLatitude: (0.0, 36.0, 0.0),
        ExifTags.GPS.GPSLongitudeRef: "W",
        ExifTags.GPS.GPSLongitude: (1.0, 0.0, 0.0),
        ExifTags.GPS.GPSAltitudeRef: b"\x01",
        ExifTags.GPS.GPSAltitude: 12.0,
    }
    taken = keeping(encoded(drawn(), "JPEG", exif=exif_of({}, {}, gps))).taken
    assert taken == {"latitude": -0.6, "longitude": -1.0, "altitude": -12.0}


@pytest.mark.parametrize(
    ("main", "detail", "gps"),
    [
        ({}, {ExifTags.Base.DateTimeOriginal: "2024:13:32 10:15:30"}, {}),
        ({}, {ExifTags.Base.DateTimeOriginal: "    :  :     :  :  "}, {}),
        ({}, {}, {ExifTags.GPS.GPSLatitude: (400.0, 0.0, 0.0), ExifTags.GPS.GPSLongitude: (1.0, 99.0, 0.0)}),
        ({}, {}, {ExifTags.GPS.GPSLatitude: (4.0,), ExifTags.GPS.GPSAltitude: 9e9}),
        ({ExifTags.Base.Make: "\0\1\2"}, {}, {}),
        ({}, {}, {}),
    ],
)
def test_garbage_tells_nothing(
    keeping: Preparing, main: dict[int, object], detail: dict[int, object], gps: dict[int, object]
) -> None:
    """The picture is taken, and nothing is told that cannot be."""
    assert keeping(encoded(drawn(), "JPEG", exif=exif_of(main, detail, gps))).taken is None


def test_texts_are_bounded_and_cleaned(keeping: Preparing) -> None:
    """No HTML, no control characters, and not many of them."""
    main: dict[int, object] = {ExifTags.Base.Make: "<script>\x07" + "x" * 500, ExifTags.Base.Model: "Mål é"}
    taken = keeping(encoded(drawn(), "JPEG", exif=exif_of(main, {}, {}))).taken
    assert taken is not None
    assert len(taken["make"]) == 100
    assert taken["make"].startswith("script xxx")
