"""Who decides: AWS's own answer to a request that the person signed for this one decision.

The person signs a call of STS GetCallerIdentity and sends it with the decision; the function makes
exactly that call and takes the ARN that STS answers. A header that is part of the signature holds
the digest of the decision, so nobody can use it for another one. Of what is sent, only the
signature is used: host, path, body and digest are the function's own.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from sapmatch.aws.clients import as_user, client
from sapmatch.aws.errors import translated
from sapmatch.model.errors import LogonRefused, Throttled

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest

LIFE = timedelta(seconds=60)
ANSWER_SIZE = 16_384  # bytes
DECISION = "X-Sapmatch-Decision"
_TIMEOUT = 10  # seconds
_BODY = b"Action=GetCallerIdentity&Version=2011-06-15"
_FORM = "application/x-www-form-urlencoded; charset=utf-8"
_SPACE = "{https://sts.amazonaws.com/doc/2011-06-15/}"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=\w{16,128}/(\d{8})/([a-z0-9-]{1,32})/sts/aws4_request, "
    r"SignedHeaders=([a-z0-9;-]{1,128}), Signature=[0-9a-f]{64}",
    re.ASCII,  # no header takes other digits
)
_DATE = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9+/=]{1,8192}")
_ARN = re.compile(r"arn:aws[a-z-]{0,16}:(?:iam|sts)::(\d{12}):[\w+=,.@/-]{1,256}")
_CODE = re.compile(rb"<Code>(\w{1,64})</Code>")
_SIGN_AGAIN = "log on to AWS and decide again"


class Signature(Struct, frozen=True, kw_only=True):
    """The headers of a signed request that cannot be known without the signer."""

    authorization: str
    date: str
    token: str | None = None


def sign(digest: str) -> Signature:
    """Sign GetCallerIdentity for the digest of a decision, as the user of this environment.

    Raises LogonRefused where there are no credentials.
    """
    import boto3
    from botocore.auth import SigV4Auth

    sts = client("sts")
    with as_user("sts"):
        credentials = boto3.Session().get_credentials()
        if credentials is None:
            raise LogonRefused(f"AWS sts: there are no credentials; {_SIGN_AGAIN}")
        request = _request(sts, digest)
        frozen = credentials.get_frozen_credentials()
        SigV4Auth(frozen, "sts", sts.meta.region_name).add_auth(request)
    return Signature(
        authorization=request.headers["Authorization"],
        date=request.headers["X-Amz-Date"],
        token=request.headers.get("X-Amz-Security-Token"),
    )


def caller(signature: Signature, digest: str, account: str, now: datetime) -> str:
    """ARN of who signed the digest, as STS of the environment's own region answers it.

    Raises LogonRefused where the signature is not for this digest, region and minute, is none that
    AWS accepts, or belongs to another account: people of one account could have many elsewhere.
    """
    sts = client("sts")
    _require(signature, sts.meta.region_name, now)
    request = _request(sts, digest)
    request.headers["X-Amz-Date"] = signature.date
    if signature.token:
        request.headers["X-Amz-Security-Token"] = signature.token
    request.headers["Authorization"] = signature.authorization
    with translated("AWS sts"):
        status, body = _send(request)
    arn = _arn(status, body)
    found = _ARN.fullmatch(arn)
    if not found or found[1] != account:
        raise LogonRefused(f"the decision is signed in another account; {_SIGN_AGAIN} in {account}")
    return arn


def _request(sts: Any, digest: str) -> "AWSRequest":
    from botocore.awsrequest import AWSRequest

    url = sts.meta.endpoint_url.rstrip("/") + "/"
    headers = {"Content-Type": _FORM, DECISION: digest}
    return AWSRequest(method="POST", url=url, data=_BODY, headers=headers)


def _require(signature: Signature, region: str, now: datetime) -> None:
    """Whether it is a signature of the request that will be made, and a fresh one."""
    found = _AUTHORIZATION.fullmatch(signature.authorization)
    dated = _DATE.fullmatch(signature.date) and found and found[1] == signature.date[:8]
    token_fits = signature.token is None or _TOKEN.fullmatch(signature.token)
    if not found or not dated or not token_fits:
        raise LogonRefused(f"the decision is not signed as it must be; {_SIGN_AGAIN}")
    if found[3].split(";") != _signed_headers(signature):
        raise LogonRefused(f"the signature does not cover the decision; {_SIGN_AGAIN}")
    if found[2] != region:
        raise LogonRefused(
            f"the decision is signed for region {found[2]}, and this is {region}; set "
            "AWS_DEFAULT_REGION, and AWS_STS_REGIONAL_ENDPOINTS to regional"
        )
    if abs(now - _signed_at(signature)) > LIFE:
        raise LogonRefused(
            f"the decision was signed at {signature.date}, and it is {now:%Y%m%dT%H%M%SZ}: a "
            "signature holds for a minute; decide again, and set your clock if it is wrong"
        )


def _signed_headers(signature: Signature) -> list[str]:
    token = ["x-amz-security-token"] if signature.token else []
    return ["content-type", "host", "x-amz-date", *token, DECISION.lower()]


def _signed_at(signature: Signature) -> datetime:
    try:
        return datetime.strptime(signature.date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as exc:
        raise LogonRefused(f"the decision is not signed as it must be; {_SIGN_AGAIN}") from exc


def _send(request: "AWSRequest") -> tuple[int, bytes]:
    """One call, no redirects, no repetition, and no more of the answer than there can be."""
    from botocore.httpsession import URLLib3Session

    prepared = request.prepare()
    prepared.stream_output = True
    session = URLLib3Session(timeout=_TIMEOUT)
    try:
        answer = session.send(prepared)
        return answer.status_code, answer.raw.read(ANSWER_SIZE)
    finally:
        session.close()


def _arn(status: int, body: bytes) -> str:
    """The ARN of an answer; LogonRefused where it is none."""
    if status == 429 or status >= 500:
        raise Throttled(f"AWS sts: asks for fewer calls ({status})")
    if status != 200:
        code = _CODE.search(body)
        reason = code[1].decode() if code else str(status)
        raise LogonRefused(f"AWS does not accept the signature ({reason}); {_SIGN_AGAIN}")
    from xml.etree import ElementTree

    try:
        if b"<!" in body:
            raise ValueError("a document type")
        root = ElementTree.fromstring(body)  # noqa: S314 - of AWS, short, no DOCTYPE
    except (ElementTree.ParseError, ValueError) as exc:
        raise LogonRefused(f"AWS sts: answers no identity; {_SIGN_AGAIN}") from exc
    arn = root.findtext(f"{_SPACE}GetCallerIdentityResult/{_SPACE}Arn")
    if root.tag != f"{_SPACE}GetCallerIdentityResponse" or not arn:
        raise LogonRefused(f"AWS sts: answers no identity; {_SIGN_AGAIN}")
    return arn
