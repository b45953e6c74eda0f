"""Something of which there is only so much, such as the memory for all requests' bodies."""


class Budget:
    """Taken and given back in one thread."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0

    def take(self, amount: int) -> bool:
        """Whether there is so much left; then it is taken."""
        if self.taken + amount > self.limit:
            return False
        self.taken += amount
        return True

    def give(self, amount: int) -> None:
        self.taken -= amount
