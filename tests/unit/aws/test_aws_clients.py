"""A client of AWS needs a region before it can be made."""

import pytest

from sapmatch.aws.clients import client
from sapmatch.model.errors import InputRejected


def test_a_missing_region_is_a_setting_to_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    with pytest.raises(InputRejected, match="AWS_DEFAULT_REGION"):
        client("secretsmanager")
