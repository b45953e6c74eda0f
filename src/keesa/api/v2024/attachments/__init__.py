"""Pictures and files of tickets: what Keesa adds to the 2024 document."""

from keesa.api.v2024.attachments import files, images

ROUTES = [*images.ROUTES, *files.ROUTES]
