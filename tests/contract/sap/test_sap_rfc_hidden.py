"""Passwords that SAP, or what stands before it, says back are in no error, message or value."""

from collections.abc import Mapping
from typing import Any

import pytest

from sapmatch.model.errors import SapmatchError
from sapmatch.model.rfc import RfcResult, RfcTransport
from tests.builders.sap_server import PASSWORD, Reply, SapServer
from tests.builders.soap_replies import answer, fault, row, soap_of, xml

CHANGE, FORMAL = "BAPI_USER_CHANGE", "PASSWORD_FORMAL_CHECK"
NEW = "N3u-Canary&Wort"
ESCAPED = "N3u-Canary&amp;Wort"
GIVEN: Mapping[str, Any] = {
    "USERNAME": "JDOE",
    "PASSWORD": {"BAPIPWD": NEW},
    "PASSWORDX": {"BAPIPWD": "X"},
}


def changed(reply: Reply, given: Mapping[str, Any] = GIVEN) -> RfcResult:
    with SapServer(lambda _: reply) as server:
        sap = soap_of(server)
        try:
            return sap.call(CHANGE, given, want=["RETURN"], changes=True)
        finally:
            sap.close()


def checked(sap: RfcTransport) -> RfcResult:
    return sap.call(FORMAL, {"PASSWORD": {"BAPIPWD": NEW}})


FAULTS = {
    "in the text": fault(f"bad input {ESCAPED} here"),
    "in another case": fault("bad input N3U-CANARY&amp;WORT here"),
    "escaped twice": fault("bad input N3u-Canary&amp;amp;Wort here"),
    "by its characters": fault("bad input &#78;3u-Canary&#38;Wort here"),
    "in two pieces": fault("bad input N3u-<![CDATA[Canary&Wo]]>rt here"),
    "beside a key": fault("BAD_PW", f"<name>BAD_PW</name><text>bad {ESCAPED} here</text>"),
    "of the logon": fault(f"bad input {PASSWORD} here"),
    "of the logon in two pieces": fault(f"bad input {PASSWORD[:4]}<![CDATA[{PASSWORD[4:]}]]> here"),
    "of the logon by its characters": fault(
        f"bad input {''.join(f'&#{ord(each)};' for each in PASSWORD)} here"
    ),
}


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("echo", FAULTS)
def test_a_fault_is_shown_without_passwords(echo: str, status: int) -> None:
    with SapServer(lambda _: xml(FAULTS[echo], status)) as server:
        sap = soap_of(server)
        with pytest.raises(SapmatchError) as caught:
            checked(sap)
        sap.close()
    said = f"{caught.value} {caught.value!r} {vars(caught.value)}"
    assert "Canary" not in said
    assert "CANARY" not in said
    assert PASSWORD not in said
    assert "***" in str(caught.value)
    assert "bad" in str(caught.value)


def test_a_password_in_capitals_is_no_key_of_an_exception() -> None:
    with pytest.raises(SapmatchError) as caught:
        changed(xml(fault("GEHEIM_CANARY"), 500), {"PASSWORD": {"BAPIPWD": "Geheim_Canary"}})
    assert "CANARY" not in f"{caught.value} {vars(caught.value)}"


def test_an_answer_of_another_name_is_told_without_passwords() -> None:
    with pytest.raises(SapmatchError) as caught:
        changed(xml(answer("CanaryWort")), {"PASSWORD": {"BAPIPWD": "CanaryWort"}})
    assert "CanaryWort" not in str(caught.value)


@pytest.mark.parametrize("kind", ["S", "W", "E"])
@pytest.mark.parametrize("is_table", [True, False])
def test_messages_are_shown_without_passwords_and_keep_their_numbers(
    kind: str, is_table: bool
) -> None:
    said = row(
        TYPE=kind,
        ID="01",
        NUMBER="200",
        MESSAGE=f"password {ESCAPED} and {PASSWORD} are bad",
        MESSAGE_V1=ESCAPED,
        MESSAGE_V2=PASSWORD,
    )
    inside = said if is_table else said.removeprefix("<item>").removesuffix("</item>")
    found = changed(xml(answer(CHANGE, f"<RETURN>{inside}</RETURN>")))
    assert "Canary" not in repr(found)
    assert PASSWORD not in repr(found)
    (message,) = found.messages
    assert (message.type, message.code) == (kind, "01/200")
    assert message.text == "password *** and *** are bad"
    assert message.variables == ("***", "***")


def test_a_call_that_sent_a_password_shows_it_nowhere_in_its_answer() -> None:
    inside = f"<ECHO>{ESCAPED}</ECHO><ROWS2>{row(VALUE=ESCAPED)}</ROWS2><RETURN/>"
    found = changed(xml(answer(CHANGE, inside)))
    assert found.exports["ECHO"] == "***"
    assert found.tables["ROWS2"] == [{"VALUE": "***"}]


def test_data_that_read_like_the_password_of_the_logon_stay_as_they_are() -> None:
    inside = f"<ADDRESS><LASTNAME>{PASSWORD}</LASTNAME></ADDRESS><RETURN/>"
    with SapServer(lambda _: xml(answer("BAPI_USER_GET_DETAIL", inside))) as server:
        found = soap_of(server).call("BAPI_USER_GET_DETAIL", {"USERNAME": "JDOE"})
    assert found.exports["ADDRESS"] == {"LASTNAME": PASSWORD}


def test_a_short_password_hides_no_part_of_another_word() -> None:
    said = row(TYPE="E", ID="01", NUMBER="200", MESSAGE="user JDOE: abc is no word, abcd is")
    found = changed(
        xml(answer(CHANGE, f"<RETURN>{said}</RETURN>")), {"PASSWORD": {"BAPIPWD": "abc"}}
    )
    assert found.messages[0].text == "user JDOE: *** is no word, abcd is"
