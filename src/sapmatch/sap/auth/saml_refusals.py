"""Why SAP refuses an assertion, as its words tell, and who mends that where."""

import re
from typing import Final, NamedTuple

from sapmatch.model.errors import LogonReason


class _Refusal(NamedTuple):
    words: str
    remedy: str
    reason: LogonReason = "assertion"


# The first whose words occur. SAP's texts are English whatever the logon language, and differ from
# release to release: what none of these knows has the remedy of them all.
_REFUSALS: Final = (
    _Refusal(
        "not signed|signature",
        "SAP sees no signature of the key that it trusts: upload this secret's certificate as "
        "signing certificate of the trusted provider (transaction SAML2; SAP Note 1688545)",
    ),
    _Refusal(
        "audience",
        "auth.audience must be the name of SAP's local provider (transaction SAML2)",
    ),
    _Refusal(
        "issuer|trusted provider|identity provider|trusted idp",
        "auth.issuer must be the name of a trusted provider that is enabled there, for this NameID "
        "format and this user mapping (transaction SAML2, trusted providers, OAuth 2.0)",
    ),
    _Refusal(
        "recipient",
        "auth.token_url must be the address under which SAP knows itself: behind a Web Dispatcher "
        "its host and port (icm/host_name_full, HTTPURLLOC)",
    ),
    _Refusal(
        "expired|not yet valid|not ?before|not ?on ?or ?after|too long|clock",
        "compare the clocks of this machine and of SAP (NTP), and its tolerance (transaction "
        "SAML2, local provider, clock skew tolerance)",
    ),
    _Refusal("decode|base64|parse", "auth.encoding must be what SAP reads: base64url, or base64"),
    _Refusal("locked", "the user is locked: unlock it in SU01", "locked"),
    _Refusal(
        r"\buser\b|name ?id|subject|account",
        "no user of SAP belongs to this name: it must exist in SU01 with this logon name, or with "
        "this e-mail address where auth.name_id is email",
        "unmapped",
    ),
)
_ANY: Final = (
    "check SAML2 (trusted provider, its certificate and NameID formats), SOAUTH2 (client and "
    "scopes), S_SCOPE of the user, and the clocks"
)
_SHOWN_BY: Final = "transaction SEC_TRACE_ANALYZER shows what SAP read"


def judged(words: str) -> tuple[LogonReason, str]:
    """The reason and the remedy for what SAP says to an assertion."""
    for refusal in _REFUSALS:
        if re.search(refusal.words, words, re.IGNORECASE):
            return refusal.reason, f"{refusal.remedy}; {_SHOWN_BY}"
    return "assertion", f"{_SHOWN_BY}; {_ANY}"
