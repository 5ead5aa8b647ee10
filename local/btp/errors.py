"""What the stand-in says no with."""


class Refused(Exception):
    """An HTTP status and the service's words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
