"""The samples of the 2021 document in Dart: python v2021.py SAMPLE BASE_URL ACCESS REFRESH

There is no Dart here: this writes what Dart's `package:http` writes. Header names in lower case, `host`, `user-agent`
and `accept-encoding: gzip` from `dart:io`, a length on whatever has a body and on no GET without one, and a
`MultipartRequest` that replaces the given content type by its own and, without fields, consists of its last boundary.
The 2024 document has no samples in Dart.
"""

import gzip
import random
import string
import sys
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlsplit

SAMPLE, BASE, ACCESS, REFRESH = sys.argv[1:]

# Dart draws the rest of its 70 characters from these.
BOUNDARY_LETTERS = "+_-." + string.digits + string.ascii_letters


class Request(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


def multipart(path: str, headers: dict[str, str]) -> Request:
    boundary = "dart-http-boundary-" + "".join(random.choices(BOUNDARY_LETTERS, k=51))  # noqa: S311, as Dart does
    headers["content-type"] = f"multipart/form-data; boundary={boundary}"
    return Request("POST", path, headers, f"--{boundary}--\r\n".encode())


def get(path: str) -> Request:
    return Request("GET", path, {"authorization": f"Bearer {ACCESS}"})


def json(method: str, path: str, body: str) -> Request:
    headers = {"authorization": f"Bearer {ACCESS}", "content-type": "application/json"}
    return Request(method, path, headers, body.encode())


FORM = {"content-type": "application/x-www-form-urlencoded"}
TICKET = """{
 "ticket": {
 "title": "example title",
 "description": "example description",
 "reference": "example reference",
 "ticket_type": "eco_support",
 "customer_id": 20,
 "priority": 1,
 "product_id": 4,
 "customer_name": "john doe",
 "customer_contact": 7735241,
 "category": "fault"
 },
 "eco_id": 1
}"""

SAMPLES = {
    # As printed: the name of the parameter `user` is missing.
    "auth": multipart("/auth?user@example.com&password=Password123", {**FORM}),
    "refresh_token": multipart("/auth/refresh_token", {**FORM, "x-refresh-token": REFRESH}),
    "raise_ticket": json("POST", "/tickets", TICKET.replace("\n", "\r\n")),
    "tickets": get("/tickets"),
    "tickets_by_type": json(
        "GET",
        "/tickets/tickets_by_type?limit=10&order=asc",
        '{ "ticket": { "type": "customer_support", "status": "open"} }',
    ),
    "ticket": get("/tickets/2012001"),
    "add_ticket_note": json(
        "POST",
        "/tickets/add_ticket_note",
        '{"ticket_note": {"note": "test ticket note"},"ticket_number": "2008022"}',
    ),
    "get_ticket_notes": json("GET", "/tickets/get_ticket_notes", '{\r\n "ticket_number": "2008022"\r\n}'),
}


def send(request: Request) -> None:
    """Sends it as `dart:io` does and prints the answer like `curl --include`."""
    server = urlsplit(BASE).netloc
    connection = HTTPConnection(server)
    connection.putrequest(request.method, f"/api/v1{request.path}", skip_host=True, skip_accept_encoding=True)
    length = {"content-length": str(len(request.body))} if request.body else {}
    own = {"user-agent": "Dart/2.10 (dart:io)", "accept-encoding": "gzip", "host": server}
    for name, value in (own | length | request.headers).items():
        connection.putheader(name, value)
    connection.endheaders(request.body or None)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.headers["content-encoding"] == "gzip":
        body = gzip.decompress(body)
    head = [f"HTTP/1.1 {response.status}", *(f"{name}: {value}" for name, value in response.getheaders()), "", ""]
    sys.stdout.buffer.write("\n".join(head).encode("latin-1") + body)


send(SAMPLES[SAMPLE])
