"""What a client would rather have: the words of an `Accept…` header with their weights (RFC 9110, section 12.4.2)."""


def weights(header: str) -> dict[str, float]:
    """Each word in lower case to its weight, 1 where it has none; one that makes no sense is not wanted."""
    found = {}
    for item in header.split(","):
        word, *parameters = (part.strip().lower() for part in item.split(";"))
        weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        try:
            found[word] = min(max(float(weight), 0.0), 1.0)
        except ValueError:
            found[word] = 0.0
    return found
