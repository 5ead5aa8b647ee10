"""Keys and certificates out of a secret: what is wrong with them is said before SAP sees them."""

import base64
import os
import ssl
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from sapmatch.model.access import Access, Secret
from sapmatch.model.errors import InputRejected, LogonRefused
from sapmatch.sap.auth.keys import SOON, key_pair
from sapmatch.sap.auth.trust import Trust
from tests.builders.certificates import PASSWORD, Authority, Leaf

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def robot(authority: Authority) -> Leaf:
    return authority.client("ROBOT")


def secret(**fields: str) -> Secret:
    return Secret(name="robot (setting)", version="v1", fields=fields)


def p12(leaf: Leaf, password: str | None = PASSWORD) -> str:
    return base64.b64encode(leaf.p12(password)).decode()


def forms(leaf: Leaf) -> list[Mapping[str, str]]:
    return [
        leaf.p12_fields,
        {"p12": p12(leaf, None)},
        leaf.pem_fields,
        {"certificate": leaf.chain, "key": leaf.encrypted_key(), "key_password": PASSWORD},
    ]


def test_every_form_of_a_key_pair_gives_the_same(robot: Leaf) -> None:
    """CO-T15: .p12 with and without password, PEM with a plain and an encrypted key."""
    first, *others = [key_pair(secret(**form), NOW) for form in forms(robot)]
    assert others == [first] * 3
    assert "CN=ROBOT" in first.subject
    assert first.issuers == 1
    assert robot.certificate.strip() in first.certificate.strip()


def test_the_own_certificate_comes_first_whatever_their_order_in_the_secret(robot: Leaf) -> None:
    chain = robot.chain.removeprefix(robot.certificate) + robot.certificate
    pair = key_pair(secret(certificate=chain, key=robot.key), NOW)
    found = x509.load_pem_x509_certificates(pair.certificate.encode())
    assert [each.subject for each in found][1] == found[0].issuer
    assert "ROBOT" in found[0].subject.rfc4514_string()


@pytest.mark.parametrize(
    ("fields", "error", "match"),
    [
        ({"p12": "{p12}", "password": "wrong"}, LogonRefused, "`password` does not open"),
        ({"p12": "{p12}"}, LogonRefused, "`password` does not open"),
        ({"p12": "not base64!"}, InputRejected, "must be base64"),
        ({"p12": "bm8gcDEy"}, LogonRefused, "no PKCS #12 file"),
        ({"key": "{key}"}, InputRejected, "must hold the field `certificate`"),
        ({"certificate": "{chain}"}, InputRejected, "must hold the field `key`"),
        ({"certificate": "none", "key": "{key}"}, InputRejected, "`certificate` must be PEM"),
        ({"certificate": "{chain}", "key": "none"}, InputRejected, "`key` must be PEM"),
        ({"certificate": "{chain}", "key": "{encrypted}"}, InputRejected, "add the field `key_pas"),
        (
            {"certificate": "{chain}", "key": "{encrypted}", "key_password": "wrong"},
            LogonRefused,
            "`key_password` does not open",
        ),
        (
            {"certificate": "{chain}", "key": "{key}", "key_password": "needless"},
            InputRejected,
            "leave out `key_password`",
        ),
        ({"certificate": "{chain}", "key": "{other}"}, InputRejected, "none of its certificates"),
    ],
)
def test_a_secret_that_cannot_be_used_names_itself_its_field_and_the_remedy(
    authority: Authority, robot: Leaf, fields: dict[str, str], error: type[Exception], match: str
) -> None:
    """CO-T15."""
    values = {
        "{p12}": p12(robot),
        "{chain}": robot.chain,
        "{key}": robot.key,
        "{encrypted}": robot.encrypted_key(),
        "{other}": authority.client("OTHER").key,
    }
    given = {name: values.get(value, value) for name, value in fields.items()}
    with pytest.raises(error, match=match) as caught:
        key_pair(secret(**given), NOW)
    assert "secret robot (setting)" in str(caught.value)
    assert not any(value in str(caught.value) for value in given.values())
    assert getattr(caught.value, "reason", "certificate") == "certificate"


def test_a_p12_without_its_key_is_told(robot: Leaf) -> None:
    """CO-T15."""
    from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12

    leaf = x509.load_pem_x509_certificate(robot.certificate.encode())
    content = pkcs12.serialize_key_and_certificates(b"sap", None, leaf, None, NoEncryption())
    with pytest.raises(InputRejected, match="holds no private key"):
        key_pair(secret(p12=base64.b64encode(content).decode()), NOW)


@pytest.mark.parametrize(("days", "match"), [(91, "ended on"), (-1000, "valid from")])
def test_a_certificate_outside_of_its_time_is_not_shown(robot: Leaf, days: int, match: str) -> None:
    """CO-T15: expired, and not yet valid."""
    if days < 0:
        leaf = x509.load_pem_x509_certificate(robot.certificate.encode())
        days = (leaf.not_valid_before_utc - NOW).days - 1
    with pytest.raises(LogonRefused, match=match) as caught:
        key_pair(secret(**robot.pem_fields), NOW + timedelta(days=days))
    assert caught.value.reason == "certificate"


def test_it_tells_how_many_days_are_left(authority: Authority) -> None:
    pair = key_pair(secret(**authority.client(days=29.5).pem_fields), NOW)
    assert pair.days_left(NOW) == 29 < SOON


def test_nothing_shows_what_is_secret(robot: Leaf) -> None:
    """CO-T16."""
    pair = key_pair(secret(**robot.pem_fields), NOW)
    access = Access(certificate=pair.certificate, key=pair.key)
    shown = f"{pair!r}{pair}{access!r}{Trust('[connections.s4]')!r}{secret(**robot.pem_fields)!r}"
    assert "PRIVATE KEY" not in shown
    assert robot.key.splitlines()[1] not in shown


def shown_by(leaf: Leaf) -> Access:
    return Access(certificate=leaf.chain, key=leaf.key)


def test_a_context_is_made_once_for_each_version_of_a_secret(
    authority: Authority, robot: Leaf
) -> None:
    trust = Trust("[connections.s4]", authority.pem)
    first = trust.context(shown_by(robot))
    assert trust.context(shown_by(robot)) is first
    assert trust.context(shown_by(authority.client("OTHER"))) is not first
    assert first.minimum_version == ssl.TLSVersion.TLSv1_2
    assert first.check_hostname
    assert first.verify_mode == ssl.CERT_REQUIRED


@pytest.mark.parametrize("in_memory", [True, False])
@pytest.mark.parametrize("good", [True, False])
def test_no_file_of_a_key_is_left_behind(
    robot: Leaf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: bool, good: bool
) -> None:
    """Not even where it cannot be loaded; while there is one it is ours alone."""
    modes = []
    make = tempfile.mkstemp

    def noting() -> tuple[int, str]:
        descriptor, path = make(dir=tmp_path)
        modes.append(os.fstat(descriptor).st_mode & 0o777)
        return descriptor, path

    monkeypatch.setattr(tempfile, "mkstemp", noting)
    if not in_memory:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    trust = Trust("[connections.s4]")
    if good:
        trust.context(shown_by(robot))
    else:
        with pytest.raises(InputRejected, match="client certificate cannot be used"):
            trust.context(Access(certificate="none", key=robot.key))
    assert list(tmp_path.iterdir()) == []
    assert modes == ([0o600] if not in_memory else [])
