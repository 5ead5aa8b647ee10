"""Port Pace without any waiting: it notes who came."""


class NotedPace:
    """Port Pace; `taken` and `slowed` are the operations in order."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.slowed: list[str] = []

    def take(self, operation: str) -> None:
        self.taken.append(operation)

    def slow_down(self, operation: str) -> None:
        self.slowed.append(operation)
