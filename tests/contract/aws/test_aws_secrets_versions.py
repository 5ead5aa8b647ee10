"""Versions of logon secrets in Secrets Manager, and what its refusals say."""

import base64
import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sapmatch.aws.clients import client
from sapmatch.aws.secrets import CURRENT, PENDING, SecretsManager
from sapmatch.model.errors import InputRejected, Throttled

CANARY = "canary-password"


@pytest.fixture
def name(aws: str) -> str:
    created = f"sapmatch/{uuid.uuid4().hex}"
    value = json.dumps({"user": "RFC_A", "password": CANARY})
    client("secretsmanager").create_secret(Name=created, SecretString=value)
    return created


@pytest.fixture
def secrets(aws: str) -> SecretsManager:
    return SecretsManager(client("secretsmanager"))


def test_each_stored_value_is_a_version_of_its_own(secrets: SecretsManager, name: str) -> None:
    """RE-26: so a refused one is told from the one after it."""
    first = secrets.read(name)
    assert first.version == secrets.read(name).version != ""
    client("secretsmanager").put_secret_value(SecretId=name, SecretString='{"user": "RFC_A"}')
    second = secrets.read(name)
    assert second.version != first.version
    assert second.fields == {"user": "RFC_A"}


def test_a_pending_version_is_read_by_nobody_else(secrets: SecretsManager, name: str) -> None:
    token = str(uuid.uuid4())
    assert not secrets.is_pending(name, token)
    secrets.put_pending(name, token, {"user": "RFC_B"})
    assert secrets.is_pending(name, token)
    assert secrets.read(name).fields["user"] == "RFC_A"
    assert secrets.read_version(name, VersionId=token).fields == {"user": "RFC_B"}
    assert secrets.standing(name).labelled(PENDING) == token


def test_promoting_makes_it_current_and_keeps_the_one_before(
    secrets: SecretsManager, name: str
) -> None:
    before, token = secrets.read(name).version, str(uuid.uuid4())
    secrets.put_pending(name, token, {"user": "RFC_B"})
    secrets.promote(name, token, instead_of=before)
    standing = secrets.standing(name)
    assert standing.labelled(CURRENT) == token == secrets.read(name).version
    assert standing.labelled("AWSPREVIOUS") == before
    assert standing.changed_at is not None


def test_a_version_that_sap_refused_is_dropped_and_the_current_one_stays(
    secrets: SecretsManager, name: str
) -> None:
    before, token = secrets.read(name).version, str(uuid.uuid4())
    secrets.put_pending(name, token, {"user": "RFC_B"})
    secrets.drop_pending(name, token)
    assert secrets.standing(name).labelled(PENDING) is None
    assert secrets.read(name).version == before


def test_a_binary_secret_is_the_file_of_a_certificate(secrets: SecretsManager, aws: str) -> None:
    """E2"""
    name = f"sapmatch/{uuid.uuid4().hex}"
    client("secretsmanager").create_secret(Name=name, SecretBinary=b"\x30\x82 p12")
    assert base64.b64decode(secrets.read(name).field("p12")) == b"\x30\x82 p12"


def test_a_deleted_secret_says_how_it_comes_back(secrets: SecretsManager, name: str) -> None:
    client("secretsmanager").delete_secret(SecretId=name, RecoveryWindowInDays=7)
    with pytest.raises(InputRejected, match="restore-secret") as caught:
        secrets.read(name)
    assert name in str(caught.value)


def test_a_secret_of_another_region_says_where_we_looked(secrets: SecretsManager) -> None:
    with pytest.raises(InputRejected, match="does not exist in this account and region"):
        secrets.read("sapmatch/nowhere")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AccessDeniedException", "secretsmanager:GetSecretValue"),
        ("DecryptionFailure", "kms:Decrypt"),
        ("ValidationException", "no name or ARN"),
    ],
)
def test_a_refusal_names_the_secret_and_the_remedy_and_never_a_value(
    secrets: SecretsManager, name: str, code: str, said: str
) -> None:
    with pytest.raises(InputRejected, match=said) as caught:
        _failing(code).read(name)
    assert name in str(caught.value)
    assert CANARY not in str(caught.value)


def test_a_lack_of_a_right_to_rotate_names_that_right(name: str) -> None:
    with pytest.raises(InputRejected, match="secretsmanager:PutSecretValue"):
        _failing("AccessDeniedException").put_pending(name, str(uuid.uuid4()), {"user": "U"})


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServiceError"])
def test_what_may_be_tried_again_says_so(name: str, code: str) -> None:
    with pytest.raises(Throttled):
        _failing(code).read(name)


def _failing(code: str) -> SecretsManager:
    """Every call is refused with this code."""
    manager = client("secretsmanager", attempts=1)

    def deny(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": CANARY}}, "Any")

    manager.meta.events.register("before-call.secrets-manager", deny)
    return SecretsManager(manager)
