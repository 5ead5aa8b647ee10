"""Which user a client certificate stands for, as CERTRULE says."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from local.sap.errors import LogonFailed
from local.sap.exchange import Certificate
from local.sap.logon.passwords import check_admitted
from local.sap.logon.settings import CertificateRule, Settings

_SHORT = {
    "commonName": "CN",
    "organizationalUnitName": "OU",
    "organizationName": "O",
    "localityName": "L",
    "stateOrProvinceName": "SP",
    "countryName": "C",
    "emailAddress": "EMAIL",
}
_NO_MAPPING = "Logon with client certificate failed: no user is assigned to it"


def certificate_of(peer: Mapping[str, Any]) -> Certificate:
    """Subject and issuer of what `SSLSocket.getpeercert()` gives."""
    return Certificate(distinguished_name(peer["subject"]), distinguished_name(peer["issuer"]))


def distinguished_name(parts: Sequence[Sequence[tuple[str, str]]]) -> str:
    """As SAP writes it: `CN=ROBOT, OU=Integration, O=Example`."""
    pairs = [pair for part in reversed(parts) for pair in part]
    return ", ".join(f"{_SHORT.get(name, name)}={value}" for name, value in pairs)


def certificate_user(certificate: Certificate, settings: Settings) -> str:
    """The user of the first rule that fits; LogonFailed where there is none."""
    named = (_named(certificate, rule) for rule in settings.certificate_rules)
    name = next(filter(None, named), "")
    user = settings.users.get(name)
    if user is None:
        raise LogonFailed(_NO_MAPPING)
    check_admitted(user)
    return name


def parsed_rule(text: str) -> CertificateRule:
    """`SUBJECT=USER`, for example `CN=*, O=Example=*`; ValueError where it is not understood."""
    subject, _, user = text.rpartition("=")
    if "=" not in subject or not user:
        raise ValueError("expected SUBJECT=USER, for example 'CN=*, O=Example=*'")
    return CertificateRule(subject=subject, user=user)


def _named(certificate: Certificate, rule: CertificateRule) -> str:
    stars = _stars(rule.subject, certificate.subject)
    if stars is None or _stars(rule.issuer, certificate.issuer) is None:
        return ""
    return next(iter(stars), "") if rule.user == "*" else rule.user


def _stars(rule: str, name: str) -> list[str] | None:
    """What the stars of the rule's parts stand for; None where a part is not in the name."""
    found: list[str] = []
    for wanted in rule.split(", "):
        pattern = re.compile("(.*)".join(map(re.escape, wanted.split("*"))))
        match = next(filter(None, map(pattern.fullmatch, name.split(", "))), None)
        if match is None:
            return None
        found.extend(match.groups())
    return found
