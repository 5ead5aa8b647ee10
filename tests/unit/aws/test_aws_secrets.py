from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from sapmatch.aws.secrets import SecretsManager
from sapmatch.model.errors import InputRejected


def secrets(error: Exception) -> SecretsManager:
    def refuse(**_: Any) -> None:
        raise error

    return SecretsManager(cast(Any, SimpleNamespace(get_secret_value=refuse)))


def test_a_secret_that_the_role_may_not_read_names_the_grant() -> None:
    denied: Any = {"Error": {"Code": "AccessDeniedException", "Message": "arn-canary"}}
    with pytest.raises(InputRejected, match="secretsmanager:GetSecretValue") as caught:
        secrets(ClientError(denied, "GetSecretValue")).read("sapmatch/prod/s4")
    assert "secret sapmatch/prod/s4" in str(caught.value)
    assert "arn-canary" not in str(caught.value)


def test_without_credentials_of_aws_the_secret_says_so() -> None:
    with pytest.raises(InputRejected, match="no credentials of AWS"):
        secrets(NoCredentialsError()).read("sapmatch/prod/s4")
