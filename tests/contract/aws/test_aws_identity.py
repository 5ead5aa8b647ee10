"""Who decides is who AWS says that signed it: for this decision, in this minute, in this region."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from sapmatch.aws.identity import ANSWER_SIZE, Signature, caller, sign
from sapmatch.model.errors import LogonRefused, Throttled
from tests.builders.sts import ARN, KEY_ID, SECRET, Sts, answer_of, signature_of, sts

DIGEST = "5" * 64
ACCOUNT = "123456789012"


@pytest.fixture
def aws_sts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sts]:
    """STS as the environment of a function or of a person reaches it."""
    with sts() as state:
        for name, value in {
            "AWS_ENDPOINT_URL_STS": state.url,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_REGION": "eu-central-1",
            "AWS_CONFIG_FILE": "none",
            "AWS_SHARED_CREDENTIALS_FILE": "none",
        }.items():
            monkeypatch.setenv(name, value)
        for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        yield state


def asked(signature: Signature, digest: str = DIGEST, later: float = 0) -> str:
    return caller(signature, digest, ACCOUNT, datetime.now(UTC) + timedelta(seconds=later))


def refused(signature: Signature, digest: str = DIGEST, later: float = 0) -> str:
    with pytest.raises(LogonRefused) as caught:
        asked(signature, digest, later)
    return str(caught.value)


def test_a_signature_is_that_of_the_signing_rules(aws_sts: Sts) -> None:
    """Recomputed by hand: method, path, headers, body and the digest are all covered."""
    signature = sign(DIGEST)
    found = re.search(r"SignedHeaders=([^,]+), Signature=(\w+)", signature.authorization)
    assert found is not None
    headers = {
        "authorization": signature.authorization,
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        "host": aws_sts.url.removeprefix("http://"),
        "x-amz-date": signature.date,
        "x-sapmatch-decision": DIGEST,
    }
    assert found[1] == ";".join(sorted(headers.keys() - {"authorization"}))
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    assert found[2] == signature_of("POST", "/", headers, found[1], body)
    assert f"Credential={KEY_ID}/{signature.date[:8]}/eu-central-1/sts/" in signature.authorization
    assert SECRET not in str(signature)
    assert aws_sts.seen == []


def test_the_caller_is_who_sts_answers(aws_sts: Sts) -> None:
    assert asked(sign(DIGEST)) == ARN
    (request,) = aws_sts.seen
    assert (request["path"], request["body"]) == (
        "/",
        "Action=GetCallerIdentity&Version=2011-06-15",
    )
    assert request["x-sapmatch-decision"] == DIGEST


def test_temporary_credentials_sign_their_token_too(
    aws_sts: Sts, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws_sts.token = "FwoGZXIvYXdzEXAMPLE"
    monkeypatch.setenv("AWS_SESSION_TOKEN", aws_sts.token)
    signature = sign(DIGEST)
    assert signature.token == aws_sts.token
    assert asked(signature) == ARN
    assert "does not cover" in refused(replace(signature, token=None))
    assert "SignatureDoesNotMatch" in refused(replace(signature, token="Other"))


def test_a_signature_is_good_for_its_own_decision_only(aws_sts: Sts) -> None:
    """Replayed for another decision, it is no signature."""
    signature = sign(DIGEST)
    assert "SignatureDoesNotMatch" in refused(signature, "6" * 64)


@pytest.mark.parametrize("later", [61, 3600, -61])
def test_a_signature_holds_for_a_minute(aws_sts: Sts, later: float) -> None:
    assert "holds for a minute" in refused(sign(DIGEST), later=later)
    assert aws_sts.seen == []


def test_an_older_date_on_a_fresh_signature_is_no_signature(aws_sts: Sts) -> None:
    signature = sign(DIGEST)
    date = f"{datetime.now(UTC) + timedelta(seconds=30):%Y%m%dT%H%M%SZ}"
    assert "SignatureDoesNotMatch" in refused(replace(signature, date=date))


@pytest.mark.parametrize(
    "covered",
    [
        "content-type;host;x-amz-date",
        "host;x-amz-date;x-sapmatch-decision",
        "content-type;x-amz-date;x-sapmatch-decision",
        "content-type;host;x-amz-date;x-sapmatch-decision;x-vault-aws-iam-server-id",
    ],
)
def test_a_signature_made_for_somebody_else_is_not_taken(aws_sts: Sts, covered: str) -> None:
    """A signed GetCallerIdentity opens other doors too: without our header it is not for us."""
    authorization = re.sub(r"SignedHeaders=[^,]+", f"SignedHeaders={covered}", _fresh())
    assert "does not cover the decision" in refused(_signature(authorization))
    assert aws_sts.seen == []


@pytest.mark.parametrize(
    ("found", "other", "told"),
    [
        ("eu-central-1", "us-east-1", "signed for region us-east-1"),
        ("/sts/", "/iam/", "not signed as it must be"),
        ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1", "not signed as it must be"),
        (" Credential", "\r\nX-Evil: 1\r\nCredential", "not signed as it must be"),
        (f"Credential={KEY_ID}", "Credential=", "not signed as it must be"),
        (f"Credential={KEY_ID}", f"Credential={KEY_ID}ä", "not signed as it must be"),
    ],
)
def test_a_signature_of_another_form_never_reaches_sts(
    aws_sts: Sts, found: str, other: str, told: str
) -> None:
    assert told in refused(_signature(_fresh().replace(found, other)))
    assert aws_sts.seen == []


@pytest.mark.parametrize(
    "date", ["", "20261302T080000Z", "20261102T080000Z\r\nHost: evil", "20261102T08000٠Z"]
)
def test_a_date_is_a_date(aws_sts: Sts, date: str) -> None:
    day = date[:8] or "20261102"
    authorization = re.sub(r"/\d{8}/", f"/{day}/", _fresh())
    assert "not signed as it must be" in refused(replace(_signature(authorization), date=date))
    assert aws_sts.seen == []


def test_a_token_with_anything_else_in_it_is_refused(aws_sts: Sts) -> None:
    signature = replace(_signature(_fresh()), token="a\r\nHost: evil")
    assert "not signed as it must be" in refused(signature)


def test_no_redirect_is_followed(aws_sts: Sts) -> None:
    """Whoever answers there could name anybody."""
    with sts() as other:
        other.arn = "arn:aws:iam::123456789012:user/chief"
        aws_sts.status, aws_sts.location = 307, other.url
        assert "(307)" in refused(sign(DIGEST))
        assert other.seen == []


def test_the_request_goes_to_sts_of_the_function_whatever_was_signed(
    aws_sts: Sts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signature for another host is none for ours."""
    with sts() as other:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", other.url)
        signature = sign(DIGEST)
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", aws_sts.url)
        assert "SignatureDoesNotMatch" in refused(signature)
        assert other.seen == []
        assert len(aws_sts.seen) == 1


def test_somebody_of_another_account_is_nobody(aws_sts: Sts) -> None:
    """Anybody may have an account of his own, with as many names as four eyes need."""
    aws_sts.arn = "arn:aws:iam::210987654321:user/anna"
    assert "another account" in refused(sign(DIGEST))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not XML",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + answer_of(ARN),
        answer_of(ARN).replace(b"GetCallerIdentityResponse", b"AssumeRoleResponse"),
        answer_of(ARN).replace(b"sts.amazonaws.com/doc", b"evil.example.com/doc"),
        answer_of(ARN) + b" " * ANSWER_SIZE + b"<more/>",
        answer_of(""),
        answer_of("*"),
    ],
)
def test_only_the_answer_of_sts_names_a_caller(aws_sts: Sts, body: bytes) -> None:
    aws_sts.body = body or b" "
    if body.endswith(b"<more/>"):  # what is behind the limit is never read
        assert asked(sign(DIGEST)) == ARN
    else:
        refused(sign(DIGEST))


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_sts_is_asked_again_later(aws_sts: Sts, status: int) -> None:
    aws_sts.status = status
    with pytest.raises(Throttled):
        asked(sign(DIGEST))
    assert len(aws_sts.seen) == 1


def test_an_sts_that_nobody_reaches_is_no_refusal(
    aws_sts: Sts, monkeypatch: pytest.MonkeyPatch
) -> None:
    signature = sign(DIGEST)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    with pytest.raises(Throttled, match="not reachable"):
        asked(signature)


def test_without_credentials_nothing_is_signed(
    aws_sts: Sts, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(LogonRefused, match="no credentials"):
        sign(DIGEST)


def _fresh() -> str:
    return sign(DIGEST).authorization


def _signature(authorization: str) -> Signature:
    return replace(sign(DIGEST), authorization=authorization)
