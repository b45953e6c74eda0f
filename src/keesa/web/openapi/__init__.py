"""Each version's OpenAPI 3.1 document, made from the routes that answer its clients."""
