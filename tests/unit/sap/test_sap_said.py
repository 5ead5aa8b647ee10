"""What is shown of the words of a token endpoint or a destination service."""

import pytest

from sapmatch.sap.auth.token_call import safe

SECRET = "s3cret/+ä"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("failed: Bearer abc.DEF-0123456789", "failed: Bearer ***"),
        ("basic Uk9CT1Q6R2VoZWlt refused", "basic *** refused"),
        ("Bearer token is missing", "Bearer token is missing"),
        (f"client {SECRET} and s3cret%2F%2B%C3%A4", "client *** and ***"),
        ("two\nlines\u202eturned", "two lines turned"),
        (None, ""),
    ],
)
def test_words_of_others_are_one_line_without_a_secret(said: object, shown: str) -> None:
    """CO-T16."""
    assert safe(said, (SECRET,)) == shown
