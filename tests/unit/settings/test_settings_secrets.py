"""Secrets on a laptop: `env:NAME` is what the variables NAME_... hold."""

import base64
import hashlib
from pathlib import Path

import pytest

from sapmatch.aws.secrets import CURRENT
from sapmatch.bootstrap.secrets import NamedSecrets
from sapmatch.model.access import Secret
from sapmatch.model.errors import InputRejected

CANARY = "canary-Geheim"


def read(environment: dict[str, str], name: str = "env:S4") -> Secret:
    return NamedSecrets(environment).read(name)


def test_every_variable_of_the_prefix_is_a_field() -> None:
    secret = read({"S4_USER": "U", "S4_PASSWORD": "pä:ß", "S4X_USER": "other", "PATH": "/bin"})
    assert secret.fields == {"user": "U", "password": "pä:ß"}
    assert secret.name == "env:S4"


def test_a_file_stands_for_its_content(tmp_path: Path) -> None:
    """E2: PEM as text, a PKCS #12 file in base64, as it lies in Secrets Manager too."""
    p12, pem = tmp_path / "robot.P12", tmp_path / "robot.pem"
    p12.write_bytes(b"\x30\x82\x00")
    pem.write_bytes(b"\xef\xbb\xbf-----BEGIN CERTIFICATE-----\n")
    secret = read({"S4_P12_FILE": str(p12), "S4_CERTIFICATE_FILE": str(pem), "S4_PASSWORD": "p"})
    assert base64.b64decode(secret.field("p12")) == b"\x30\x82\x00"
    assert secret.field("certificate") == "-----BEGIN CERTIFICATE-----\n"
    assert "p12_file" not in secret.fields


def test_an_empty_variable_is_none() -> None:
    secret = read({"S4_USER": "U", "S4_PASSWORD": ""})
    with pytest.raises(InputRejected, match=r"env:S4: must hold the field `password`"):
        secret.field("password")


@pytest.mark.parametrize("environment", [{}, {"S4_USER": ""}, {"OTHER_USER": "U"}])
def test_without_any_the_variables_to_set_are_named(environment: dict[str, str]) -> None:
    with pytest.raises(InputRejected, match="S4_USER and S4_PASSWORD, S4_P12_FILE"):
        read(environment)


def test_a_file_that_is_not_there_is_told_by_its_variable(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="S4_P12_FILE: the file that it names cannot be read"):
        read({"S4_P12_FILE": str(tmp_path / "none.p12")})


def test_a_file_that_is_neither_text_nor_p12_is_refused(tmp_path: Path) -> None:
    key = tmp_path / "key.der"
    key.write_bytes(b"\x30\x82\xff\xfe")
    with pytest.raises(InputRejected, match=r"S4_KEY_FILE: .* must be text \(PEM\)"):
        read({"S4_KEY_FILE": str(key)})


def test_a_file_of_any_size_is_not_read_into_a_secret(tmp_path: Path) -> None:
    large = tmp_path / "large.pem"
    large.write_bytes(b"x" * 65_537)
    with pytest.raises(InputRejected, match=r"S4_KEY_FILE: .* larger than 65536 bytes"):
        read({"S4_KEY_FILE": str(large)})


def test_a_field_that_two_variables_hold_is_refused_without_a_value(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text(CANARY)
    with pytest.raises(InputRejected, match="S4_KEY is there twice") as caught:
        read({"S4_KEY": CANARY, "S4_KEY_FILE": str(key)})
    assert CANARY not in str(caught.value)


def test_another_value_is_another_version() -> None:
    """RE-26: what was refused is told from what came after it."""
    first = read({"S4_USER": "U", "S4_PASSWORD": "one"})
    again = read({"S4_PASSWORD": "one", "S4_USER": "U"})
    assert first.version == again.version
    assert first.version != read({"S4_USER": "U", "S4_PASSWORD": "two"}).version


def test_a_secret_shows_its_fields_and_never_what_they_hold() -> None:
    """CO-T16"""
    secret = read({"S4_USER": "U", "S4_PASSWORD": CANARY})
    assert CANARY not in repr(secret)
    assert "password" in repr(secret)


def test_a_version_does_not_help_to_guess_what_it_is_of() -> None:
    """CO-T16: `doctor --stage` has the guard of the stage store it."""
    version = read({"S4_USER": "U", "S4_PASSWORD": "one"}).version
    fields = [("password", "one"), ("user", "U")]
    assert version not in hashlib.sha256(repr(fields).encode()).hexdigest()
    assert len(version) == 16


def test_the_environment_holds_one_version_only() -> None:
    secrets = NamedSecrets({"S4_USER": "U"})
    standing = secrets.standing("env:S4")
    assert standing.labelled(CURRENT) == secrets.read("env:S4").version
    assert standing.changed_at is None
