"""Whether SAP's certificate is one that the client will trust, and for how long."""

import ssl
from typing import Any

from sapmatch.model.errors import InputRejected
from sapmatch.sap import http
from sapmatch.sap.auth.trust import trust_of
from sapmatch.sap.doctor import network
from sapmatch.sap.doctor.finding import Finding, failed, ok, skipped, warning
from sapmatch.sap.doctor.system import System

SOON = 30  # days
_DAY = 24 * 60 * 60
_NOT_YET, _EXPIRED = 9, 10  # OpenSSL's X509_V_ERR_...
_OTHER_NAME = frozenset({62, 64})
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"})
_RENEW = (
    "renew it in STRUST (SSL server PSE), or where TLS ends before SAP: "
    "web dispatcher, load balancer (ACM)"
)
_CHAIN = (
    "name a secret with the bundle of SAP's own authority in {setting}.ca, or its file in "
    "REQUESTS_CA_BUNDLE; where it is a public one, the "
    "server leaves out the intermediate certificate: import the chain in STRUST (SSL server PSE)"
)
_NAME = (
    "say the certificate's name in {setting}.server_name; or use in {setting}.url a name that is "
    "in the certificate and let it resolve in the VPC (private hosted zone of Route 53, as for "
    "PrivateLink), or add the name to the certificate in STRUST"
)
_PLAIN = (
    "SMICM, Goto > Services shows which port speaks HTTPS (443NN as a rule, 80NN is plain HTTP)"
)
_PROTOCOL = (
    "SAP must offer TLS 1.2 and a common cipher: profile parameter ssl/ciphersuites (RZ10), "
    "CommonCryptoLib's version (STRUST, Environment), or the policy of the load balancer's listener"
)
_BROKEN = (
    "what ends the handshake stands in between or refuses us: inspection by a firewall, a load "
    "balancer without this name (SNI); SMICM, Goto > Trace File shows SAP's side"
)


_OWN = (
    "auth.type certificate shows one; its authorities must be in the certificate list of the SSL "
    "server PSE (STRUST), and it must be neither over nor revoked"
)


def tls(system: System) -> Finding:
    """Chain, name and days left, by the very trust that the client has."""
    if system.connection.proxy is not None:
        return skipped(
            "plain http to the connectivity proxy; the Cloud Connector speaks TLS to SAP"
        )
    if system.url.startswith("http:"):
        return skipped("plain http, which is allowed on this machine only")
    if system.proxy is not None:
        return skipped("behind the proxy of this machine; the logon shows whether it works")
    try:
        trust = system.trust.context(system.shown)
    except InputRejected as exc:
        return failed(
            str(exc),
            f"{system.setting}.ca must name a secret with `bundle`, REQUESTS_CA_BUNDLE a PEM file "
            "or a folder of hashed ones",
        )
    try:
        certificate, version = _handshake(system, trust)
    except ssl.SSLCertVerificationError as exc:
        return _untrusted(system, exc)
    except OSError as exc:
        return _ended(system, exc)
    return _judged(certificate, version, system)


def _name(system: System) -> str:
    return system.trust.server_name(system.host) or system.host


def _handshake(system: System, trust: ssl.SSLContext) -> tuple[dict[str, Any], str]:
    """The verified certificate and the protocol; within connect_timeout, nothing is sent then."""
    with (
        network.connected(system) as plain,
        trust.wrap_socket(plain, server_hostname=_name(system)) as secured,
    ):
        return secured.getpeercert() or {}, secured.version() or ""


def _judged(certificate: dict[str, Any], version: str, system: System) -> Finding:
    ends = ssl.cert_time_to_seconds(certificate["notAfter"])
    days = int((ends - system.clock.now().timestamp()) // _DAY)
    shown = f"{version}, certificate of {_names(certificate)} by {_issuer(certificate)}"
    if days < SOON:
        return warning(f"{shown} ends in {days} days", _RENEW)
    return ok(f"{shown}, {days} days left")


def _untrusted(system: System, exc: ssl.SSLCertVerificationError) -> Finding:
    if exc.verify_code in _OTHER_NAME:
        return failed(
            f"the certificate is of {_other_names(system)}, not of {_name(system)}",
            _NAME.format(setting=system.setting),
        )
    said = exc.verify_message
    if exc.verify_code == _EXPIRED:
        return failed(f"a certificate of its chain is over ({said})", _RENEW)
    if exc.verify_code == _NOT_YET:
        return failed(
            f"a certificate of its chain is not valid yet ({said})",
            f"compare the clocks of both sides first; {_RENEW}",
        )
    return failed(
        f"its certificate is by nobody we trust ({said})", _CHAIN.format(setting=system.setting)
    )


def _other_names(system: System) -> str:
    """The names in a certificate whose chain is trusted."""
    # Not the context that tokens and logons go by: they always look for the name.
    trust = trust_of(system.name, system.connection, system.secrets).context(system.shown)
    trust.check_hostname = False
    try:
        certificate, _ = _handshake(system, trust)
    except OSError:
        return "another host"
    return _names(certificate)


def _ended(system: System, exc: OSError) -> Finding:
    if isinstance(exc, TimeoutError):
        limit = system.connection.connect_timeout
        return failed(f"{system.place} connects and says nothing for {limit:g} s", _PLAIN)
    if http.is_own_certificate(exc):
        alert = http.alert_of(exc)
        return failed(f"{system.place} wants another client certificate ({alert})", _OWN)
    if isinstance(exc, ssl.SSLError):
        reason = exc.reason or "no reason given"
        if reason in _NO_TLS:
            return failed(f"{system.place} speaks no TLS ({reason})", _PLAIN)
        if "EOF" not in reason:
            return failed(f"no handshake of TLS with {system.place} ({reason})", _PROTOCOL)
    return failed(f"{system.place} ended the handshake of TLS", _BROKEN)


def _names(certificate: dict[str, Any]) -> str:
    names = [value for _, value in certificate.get("subjectAltName", ())][:3]
    return ", ".join(names) or _part(certificate.get("subject", ()), "commonName")


def _issuer(certificate: dict[str, Any]) -> str:
    issuer = certificate.get("issuer", ())
    return (
        _part(issuer, "commonName") or _part(issuer, "organizationName") or "an unnamed authority"
    )


def _part(name: Any, wanted: str) -> str:
    found = (value for relative in name for kind, value in relative if kind == wanted)
    return next(found, "")
