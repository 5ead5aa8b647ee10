"""Whose tokens are taken, and what is never asked for a token of anybody else."""

import base64
import json
import time
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest

from local.btp.server import Btp, serve
from local.btp.xsuaa import Issuer
from sapmatch.model.access import Principal
from sapmatch.model.errors import InputRejected, LogonRefused
from sapmatch.sap.auth.user_token import UserTokens
from tests.builders.btp import SECRET, connection_of, destination, source_of
from tests.builders.memory import MemoryClock

KIND = "OAuth2SAMLBearerAssertion"
KNOWN = {"A4H": destination(KIND)}
FOREIGN = "https://idp.example.com"


def refused(btp: Btp, token: str, **settings: Any) -> LogonRefused:
    """What comes of the token."""
    source = source_of(btp, connection_of(btp, **settings))
    with pytest.raises(LogonRefused) as caught:
        source.access(Principal(token=token))
    assert caught.value.reason == "user-token"
    assert token not in str(caught.value)
    return caught.value


def test_a_foreign_issuer_is_refused_before_anything_is_sent_co_t9() -> None:
    """CO-T9."""
    with serve(KNOWN, secret=SECRET) as btp:
        foreign = Issuer(FOREIGN).user_token("ANNA")
        assert "issuers" in str(refused(btp, foreign))
        assert "issuers" in str(refused(btp, btp.issuer.user_token("ANNA"), issuers={}))
        assert btp.requests == []


def unsigned(btp: Btp) -> str:
    return jwt.encode({"iss": btp.issuer.url, "sub": "ANNA"}, "", "none")


def by_secret(btp: Btp) -> str:
    claims = {"iss": btp.issuer.url, "sub": "ANNA", "exp": int(time.time()) + 600}
    return jwt.encode(claims, "k" * 40, "HS256")


@pytest.mark.parametrize("gap", ["\n", " ", "="])
def test_a_token_that_a_header_cannot_carry_is_refused_before_anything_is_sent(gap: str) -> None:
    """CO-T16: base64 is read across line breaks, and what HTTP refuses is shown in its error."""
    with serve(KNOWN, secret=SECRET) as btp:
        token = btp.issuer.user_token("ANNA")
        assert "three parts" in str(refused(btp, f"{token[:-20]}{gap}{token[-20:]}"))
        assert btp.requests == []


@pytest.mark.parametrize("make", [unsigned, by_secret])
def test_no_algorithm_that_needs_no_key_of_the_issuer_is_taken(make: Any) -> None:
    with serve(KNOWN, secret=SECRET) as btp:
        assert "signed with one of" in str(refused(btp, make(btp)))
        assert btp.requests == []


def test_a_token_that_another_key_has_signed_is_refused() -> None:
    with serve(KNOWN, secret=SECRET) as btp:
        forger = Issuer(btp.issuer.url)
        forger.renew()
        assert "no key" in str(refused(btp, forger.user_token("ANNA")))
        forger.key_id = btp.issuer.key_id
        assert "not signed" in str(refused(btp, forger.user_token("ANNA")))
        assert btp.count("/destination-configuration") == 0


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"exp": time.time() - 3600}, "ended at"),
        ({"nbf": time.time() + 3600}, "not valid yet"),
        ({"exp": "soon"}, "until when"),
        ({"sub": "", "user_name": ""}, "names nobody"),
    ],
)
def test_a_token_that_is_over_or_says_too_little_is_refused(
    claims: dict[str, Any], why: str
) -> None:
    with serve(KNOWN, secret=SECRET) as btp:
        assert why in str(refused(btp, btp.issuer.user_token("ANNA", **claims)))
        assert btp.count("/destination-configuration") == 0


@pytest.mark.parametrize("token", ["", "abc", "a.b.c", "e30.e30.", "x" * 20_000])
def test_what_is_no_token_is_refused(token: str) -> None:
    with serve(KNOWN, secret=SECRET) as btp:
        source = source_of(btp)
        with pytest.raises(LogonRefused) as caught:
            source.access(Principal(token=token))
    assert caught.value.reason == "user-token"
    assert btp.requests == []


def test_a_clock_may_be_a_minute_off() -> None:
    issuer = Issuer(FOREIGN)
    clock = MemoryClock(datetime.now(UTC))
    keys = json.dumps(issuer.jwks).encode()
    users = UserTokens("issuers", {FOREIGN: f"{FOREIGN}/keys"}, lambda url: keys, clock)
    token = issuer.user_token("ANNA", exp=time.time() - 30, nbf=time.time() + 30, zid="acme")
    user = users.user(token)
    assert (user.issuer, user.tenant, user.id) == (FOREIGN, "acme", "ANNA")


def test_keys_are_read_once_and_anew_where_the_issuer_has_new_ones() -> None:
    clock = MemoryClock(datetime.now(UTC))
    with serve(KNOWN, secret=SECRET) as btp:
        source = source_of(btp, clock=clock)
        for name in ("ANNA", "BERT"):
            source.access(Principal(token=btp.issuer.user_token(name)))
        assert btp.count("/token_keys") == 1
        btp.issuer.renew()
        renewed = Principal(token=btp.issuer.user_token("ANNA"))
        with pytest.raises(LogonRefused, match="no key"):
            source.access(renewed)  # a storm of forged tokens is none of calls
        assert btp.count("/token_keys") == 1
        clock.sleep(61)
        source.access(renewed)
        assert btp.count("/token_keys") == 2


def test_keys_that_are_no_keys_or_not_on_https_are_named() -> None:
    with serve(KNOWN, secret=SECRET) as btp:
        token = btp.issuer.user_token("ANNA")
        issuers = {btp.issuer.url: f"{btp.url}/nowhere"}
        assert "/nowhere answers no keys" in str(refused(btp, token, issuers=issuers))
        plain = connection_of(btp, issuers={btp.issuer.url: "http://idp.example.com/keys"})
        with pytest.raises(InputRejected, match=r"issuers: must begin with https"):
            source_of(btp, plain).access(Principal(token=token))


def test_a_token_of_another_issuer_needs_its_keys_at_the_destination_d9_co_t11() -> None:
    """CO-T11."""
    known = {"A4H": destination(KIND)}
    with serve(known, secret=SECRET) as btp, serve({}, secret=SECRET) as idp:
        idp.issuer.url = FOREIGN
        issuers = {FOREIGN: f"{idp.url}/token_keys"}
        token = idp.issuer.user_token("ANNA")
        error = refused(btp, token, issuers=issuers)
        assert "x_user_token.jwks_uri" in str(error)
        assert "x_user_token.jwks " in str(error)
        keys = base64.b64encode(json.dumps(idp.issuer.jwks).encode()).decode()
        properties = {"x_user_token.jwks": keys}
        btp.destinations.known["A4H"]["destinationConfiguration"] |= properties
        source = source_of(btp, connection_of(btp, issuers=issuers))
        access = source.access(Principal(token=token))
    assert "btp-ANNA-" in access.headers["Authorization"]


def test_an_error_about_the_user_inside_a_reply_names_the_property_too_co_t11() -> None:
    """CO-T11."""
    error = {"error": "Unable to verify user token: no jwks found"}
    with serve({"A4H": destination(KIND) | {"authTokens": [error]}}, secret=SECRET) as btp:
        told = str(refused(btp, btp.issuer.user_token("ANNA")))
    assert "x_user_token.jwks_uri" in told


def test_access_ends_with_the_token_that_asked_for_it() -> None:
    clock = MemoryClock(datetime.now(UTC))
    with serve(KNOWN, secret=SECRET) as btp:
        token = btp.issuer.user_token("ANNA", lifetime=120)
        access = source_of(btp, clock=clock).access(Principal(token=token))
    assert access.usable_until is not None
    assert (access.usable_until - clock.now()).total_seconds() <= 120
