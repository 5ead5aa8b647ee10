"""Answers as values."""

import random
from datetime import date, time

import pytest

from sapmatch.model.rfc import Flavour
from sapmatch.sap.rfc import reply
from sapmatch.sap.rfc.interfaces import INTERFACES
from sapmatch.sap.rfc.module import module_of
from sapmatch.sap.rfc.reply import Fault, Reply, Unreadable, fault_of, read_reply
from tests.builders.soap_replies import MC_STYLE, answer, envelope, fault, row

LIST = "BAPI_USER_GETLIST"
DETAIL = "BAPI_USER_GET_DETAIL"


def read(body: bytes, function: str = LIST, flavour: Flavour = "soap_rfc") -> Reply:
    found = read_reply(body, module_of(INTERFACES[function], flavour), flavour)
    assert isinstance(found, Reply)
    return found


@pytest.mark.parametrize("end", [".Response", "Response"])
@pytest.mark.parametrize("prefix", ["n0", "rfc", "urn"])
def test_the_name_of_an_answer_counts_without_dot_and_prefix(end: str, prefix: str) -> None:
    """CO-T28."""
    found = read(answer(LIST, "<ROWS>2</ROWS>", end=end, prefix=prefix))
    assert found.exports == {"ROWS": 2}


def test_an_answer_without_any_prefix_is_one_too() -> None:
    body = answer(LIST, "<ROWS>2</ROWS>").replace(b"n0:", b"").replace(b"soap-env:", b"")
    assert read(body).exports == {"ROWS": 2}


def test_one_row_no_row_and_many_are_a_list() -> None:
    """CO-T29."""
    one = row(USERNAME="JDOE    ", FULLNAME="J. Doe")
    assert read(answer(LIST, f"<USERLIST>{one}</USERLIST>")).tables["USERLIST"] == [
        {"USERNAME": "JDOE", "FULLNAME": "J. Doe"}
    ]
    assert read(answer(LIST, "<USERLIST/>")).tables == {"USERLIST": []}
    assert read(answer(LIST, "<USERLIST> </USERLIST>")).tables == {"USERLIST": []}
    assert len(read(answer(LIST, f"<USERLIST>{one * 3}</USERLIST>")).tables["USERLIST"]) == 3
    assert read(answer(LIST, "<USERLIST><item/></USERLIST>")).tables == {"USERLIST": [{}]}


def test_white_space_between_elements_is_no_value() -> None:
    body = answer(LIST, "\n  <USERLIST>\n <item>\n <USERNAME>A</USERNAME>\n</item>\n</USERLIST>\n")
    assert read(body).tables == {"USERLIST": [{"USERNAME": "A"}]}


def test_values_have_the_types_of_the_interface() -> None:
    """CO-T32."""
    inside = (
        "<LOGONDATA><GLTGV>2026-01-31</GLTGV><GLTGB>0000-00-00</GLTGB><LTIME>08:30:00</LTIME>"
        "<BCODE>AP8Q</BCODE></LOGONDATA><UCLASS><COUNTRY_SURCHARGE>007</COUNTRY_SURCHARGE></UCLASS>"
    )
    found = read(answer(DETAIL, inside), DETAIL)
    assert found.exports["LOGONDATA"] == {
        "GLTGV": date(2026, 1, 31),
        "GLTGB": None,
        "LTIME": time(8, 30),
        "BCODE": b"\x00\xff\x10",
    }
    assert found.exports["UCLASS"] == {"COUNTRY_SURCHARGE": "007"}


@pytest.mark.parametrize("value", ["Müller &amp; Söhne", "&#x1F600;", "a&lt;b", "<![CDATA[a&b]]>"])
def test_text_comes_back_as_it_was_meant(value: str) -> None:
    """CO-T33."""
    meant = {"Müller &amp; Söhne": "Müller & Söhne", "&#x1F600;": "\U0001f600", "a&lt;b": "a<b"}
    found = read(answer(DETAIL, f"<ADDRESS><LASTNAME>{value}</LASTNAME></ADDRESS>"), DETAIL)
    assert found.exports["ADDRESS"] == {"LASTNAME": meant.get(value, "a&b")}


def test_what_no_interface_knows_is_kept_as_text() -> None:
    inside = (
        "<_-BIC_-P>1 </_-BIC_-P><NEW><A>1</A><INNER><B>2</B></INNER></NEW>"
        f"<NEWTAB>{row(C='3')}</NEWTAB><USERLIST>{row(USERNAME='A', NEW='4')}</USERLIST>"
    )
    found = read(answer(LIST, inside))
    assert found.exports == {"/BIC/P": "1", "NEW": {"A": "1", "INNER-B": "2"}}
    assert found.tables == {"NEWTAB": [{"C": "3"}], "USERLIST": [{"USERNAME": "A", "NEW": "4"}]}


def test_a_value_that_its_type_forbids_is_kept_as_text() -> None:
    inside = "<LASTMODIFIED><MODDATE>9999-99-99</MODDATE><MODTIME>08:00:00</MODTIME></LASTMODIFIED>"
    found = read(answer(DETAIL, inside), DETAIL)
    assert found.exports["LASTMODIFIED"] == {"MODDATE": "9999-99-99", "MODTIME": time(8)}


@pytest.mark.parametrize("name", ["Return", "ReturnTable"])
def test_mc_style_names_are_known_again(name: str) -> None:
    inside = (
        f"<Activitygroups><item><AgrName>Z_A</AgrName><ToDat>9999-12-31</ToDat><NewField>1</NewField></item>"
        f"</Activitygroups><{name}><item><Type>E</Type><MessageV1>x</MessageV1></item></{name}>"
    )
    tag = "n0:BapiUserGetDetailResponse"
    body = envelope(f'<{tag} xmlns:n0="{MC_STYLE}">{inside}</{tag}>')
    found = read(body, DETAIL, "mc_style")
    assert found.tables == {
        "ACTIVITYGROUPS": [{"AGR_NAME": "Z_A", "TO_DAT": date(9999, 12, 31), "NEW_FIELD": "1"}],
        "RETURN": [{"TYPE": "E", "MESSAGE_V1": "x"}],
    }


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]>"""


@pytest.mark.parametrize("doctype", [LAUGHS, OUTSIDE])
def test_entities_are_refused_unread(doctype: bytes) -> None:
    """CO-T34."""
    body = answer(LIST, "<ROWS>&amp;a;</ROWS>").partition(b"?>")[2].replace(b"&amp;", b"&")
    with pytest.raises(Unreadable, match="DOCTYPE"):
        read(doctype + body)


def test_what_is_nested_too_deep_is_refused() -> None:
    with pytest.raises(Unreadable, match="deeper"):
        read(answer(LIST, "<A>" * 40 + "</A>" * 40))


@pytest.mark.parametrize("kept", [1, 60, 200, 300])
def test_an_answer_without_its_end_is_told_from_a_wrong_one(kept: int) -> None:
    body = answer(LIST, f"<USERLIST>{row(USERNAME='A') * 9}</USERLIST>")
    with pytest.raises(Unreadable) as caught:
        read(body[:kept])
    assert caught.value.is_cut
    with pytest.raises(Unreadable) as wrong:
        read(body.replace(b"</USERNAME>", b"</X>"))
    assert not wrong.value.is_cut


@pytest.mark.parametrize(
    "body", [b"<html/>", envelope("<a/>"), b"<Envelope><Header/></Envelope>", answer("RFC_PING")]
)
def test_what_is_no_answer_of_the_module_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body)


def test_a_fault_names_the_exception_of_the_module() -> None:
    found = fault_of(fault("TABLE_EMPTY"))
    assert found == Fault(key="TABLE_EMPTY", text="TABLE_EMPTY", code="Client")


def test_a_fault_with_details_says_more() -> None:
    detail = "<Name>NOT_FOUND</Name><Text>No such</Text><Message><ID>01</ID><Number>124</Number>"
    found = fault_of(fault("No such", f"{detail}</Message>"))
    assert found == Fault(key="NOT_FOUND", text="No such", code="Client", id="01", number="124")


def test_an_exception_of_mc_style_is_a_fault() -> None:
    tag = "n0:BapiUserGetDetail.Exception"
    body = envelope(
        f'<{tag} xmlns:n0="{MC_STYLE}"><Name>NO_AUTH</Name><Text>Not you</Text></{tag}>'
    )
    assert fault_of(body) == Fault(key="NO_AUTH", text="Not you")


@pytest.mark.parametrize("body", [b"", b"<html/>", b"no xml", answer(LIST)])
def test_anything_else_is_no_fault(body: bytes) -> None:
    assert fault_of(body) is None


def test_a_sentence_is_no_key() -> None:
    found = fault_of(fault("No authorization for user"))
    assert found is not None
    assert (found.key, found.text) == ("", "No authorization for user")


def test_no_damage_to_an_answer_ends_in_anything_but_unreadable() -> None:
    """A seeded fuzz: bytes are changed, lost and doubled."""
    module = module_of(INTERFACES[DETAIL], "soap_rfc")
    inside = "<LOGONDATA><GLTGV>2026-01-31</GLTGV><LTIME>08:30:00</LTIME></LOGONDATA>"
    whole = answer(DETAIL, f"{inside}<ACTIVITYGROUPS>{row(AGR_NAME='Z_A')}</ACTIVITYGROUPS>")
    chance = random.Random(7)
    unreadable = 0
    for _ in range(1500):
        body = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(body))
            body[at : at + chance.randint(0, 3)] = chance.choice(
                [b"", b"<", b"&", b"\x00", b"\xff", b"</item>", bytes(body[at : at + 9])]
            )
        try:
            read_reply(bytes(body), module, "soap_rfc")
        except Unreadable:
            unreadable += 1
    assert 500 < unreadable < 1500


def test_text_where_parameters_belong_is_no_answer() -> None:
    with pytest.raises(Unreadable, match="text where parameters belong"):
        read(answer(LIST, "OK"))
    assert read(answer(LIST, "\n ")) == Reply({}, {})


def test_a_failure_is_seen_in_whatever_shape_return_came() -> None:
    inside = f"<RETURN>{row(TYPE='E', ID='01')}</RETURN>"
    found = read(answer("BAPI_USER_EXISTENCE_CHECK", inside), "BAPI_USER_EXISTENCE_CHECK")
    assert found.tables == {"RETURN": [{"TYPE": "E", "ID": "01"}]}
    found = read(answer(LIST, "<RETURN><TYPE>E</TYPE><ID>01</ID></RETURN>"))
    assert found.exports == {"RETURN": {"TYPE": "E", "ID": "01"}}


def test_a_table_of_anything_but_rows_is_none() -> None:
    with pytest.raises(Unreadable, match="something else than rows in USERLIST"):
        read(answer(LIST, "<USERLIST><row><USERNAME>A</USERNAME></row></USERLIST>"))


def test_an_answer_of_more_elements_than_memory_is_for_is_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CO-T34."""
    one = row(USERNAME="JDOE")
    body = answer(LIST, f"<USERLIST>{one * 10}</USERLIST>")
    count = body.count(b"<") - body.count(b"</") - body.count(b"<?")
    monkeypatch.setattr(reply, "MOST_ELEMENTS", count)
    assert len(read(body).tables["USERLIST"]) == 10
    monkeypatch.setattr(reply, "MOST_ELEMENTS", count - 1)
    with pytest.raises(Unreadable, match="larger"):
        read(body)
