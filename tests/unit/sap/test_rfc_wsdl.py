"""Interfaces out of SAP's WSDL."""

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.rfc import Field, Parameter
from sapmatch.sap.rfc.wsdl import interface_of

# As /sap/bc/soap/wsdl11 writes it: `all`, simple types by name, tables inside their element.
NODE = """<?xml version="1.0" encoding="utf-8"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"
 xmlns:s0="urn:sap-com:document:sap:rfc:functions"
 targetNamespace="urn:sap-com:document:sap:rfc:functions">
<types><xsd:schema targetNamespace="urn:sap-com:document:sap:rfc:functions">
<xsd:simpleType name="char12"><xsd:restriction base="xsd:string"><xsd:maxLength value="12"/>
</xsd:restriction></xsd:simpleType>
<xsd:simpleType name="numeric3"><xsd:restriction base="xsd:string"><xsd:maxLength value="3"/>
<xsd:pattern value="\\d*"/></xsd:restriction></xsd:simpleType>
<xsd:simpleType name="date"><xsd:restriction base="xsd:string"><xsd:maxLength value="10"/>
<xsd:pattern value="\\d\\d\\d\\d-\\d\\d-\\d\\d"/></xsd:restriction></xsd:simpleType>
<xsd:simpleType name="time"><xsd:restriction base="xsd:time">
<xsd:pattern value="[0-9]{2}:[0-9]{2}:[0-9]{2}"/></xsd:restriction></xsd:simpleType>
<xsd:simpleType name="curr15.2"><xsd:restriction base="xsd:decimal"><xsd:totalDigits value="15"/>
<xsd:fractionDigits value="2"/></xsd:restriction></xsd:simpleType>
<xsd:simpleType name="byte16"><xsd:restriction base="xsd:base64Binary">
<xsd:maxLength value="16"/></xsd:restriction></xsd:simpleType>
<xsd:complexType name="ZROW"><xsd:sequence><xsd:element name="NAME" type="s0:char12"/>
<xsd:element name="_-BIC_-N" type="s0:numeric3"/><xsd:element name="DAY" type="s0:date"/>
<xsd:element name="AT" type="s0:time"/><xsd:element name="NET" type="s0:curr15.2"/>
<xsd:element name="KEY" type="s0:byte16"/><xsd:element name="N" type="xsd:int"/>
<xsd:element name="LINE" type="xsd:string"/></xsd:sequence></xsd:complexType>
<xsd:element name="Z_READ"><xsd:complexType><xsd:all>
<xsd:element name="NAME" type="s0:char12" minOccurs="0"/>
<xsd:element name="HEAD" type="s0:ZROW" minOccurs="0"/>
<xsd:element name="ROWS" minOccurs="0"><xsd:complexType><xsd:sequence>
<xsd:element name="item" type="s0:ZROW" minOccurs="0" maxOccurs="unbounded"/></xsd:sequence>
</xsd:complexType></xsd:element></xsd:all></xsd:complexType></xsd:element>
<xsd:element name="Z_READ.Response"><xsd:complexType><xsd:all>
<xsd:element name="COUNT" type="xsd:int"/><xsd:element name="HEAD" type="s0:ZROW"/>
<xsd:element name="ROWS"><xsd:complexType><xsd:sequence>
<xsd:element name="item" type="s0:ZROW" minOccurs="0" maxOccurs="unbounded"/></xsd:sequence>
</xsd:complexType></xsd:element></xsd:all></xsd:complexType></xsd:element>
</xsd:schema></types></definitions>"""

MC_STYLE = """<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:tns="urn:x" xmlns:n0="urn:types">
<wsdl:types><xsd:schema targetNamespace="urn:types"><xsd:simpleType name="char4">
<xsd:restriction base="xsd:string"><xsd:maxLength value="4"/></xsd:restriction></xsd:simpleType>
</xsd:schema><xsd:schema targetNamespace="urn:x"><xsd:complexType name="TableOfZrow"><xsd:sequence>
<xsd:element name="item" type="tns:Zrow" maxOccurs="unbounded"/></xsd:sequence></xsd:complexType>
<xsd:complexType name="Zrow"><xsd:sequence><xsd:element name="UserName" type="n0:char4"/>
</xsd:sequence></xsd:complexType>
<xsd:element name="ZReadUsers"><xsd:complexType><xsd:sequence>
<xsd:element name="ImUser" type="n0:char4"/><xsd:element name="Rows" type="tns:TableOfZrow"/>
</xsd:sequence></xsd:complexType></xsd:element>
<xsd:element name="ZReadUsersResponse"><xsd:complexType><xsd:sequence>
<xsd:element name="Rows" type="tns:TableOfZrow"/></xsd:sequence></xsd:complexType></xsd:element>
</xsd:schema></wsdl:types></wsdl:definitions>"""

ROW = (
    Field(name="NAME", length=12),
    Field(name="/BIC/N", type="numc", length=3),
    Field(name="DAY", type="date", length=10),
    Field(name="AT", type="time"),
    Field(name="NET", type="decimal", length=15, decimals=2),
    Field(name="KEY", type="raw", length=16),
    Field(name="N", type="int"),
    Field(name="LINE", type="string"),
)


def parameters(document: str, function: str) -> dict[str, Parameter]:
    found = interface_of(document.encode(), function)
    assert found is not None
    assert found.name == function
    return {each.name: each for each in found.parameters}


def test_the_node_describes_directions_kinds_and_types() -> None:
    found = parameters(NODE, "Z_READ")
    assert {name: (each.direction, each.kind) for name, each in found.items()} == {
        "NAME": ("import", "scalar"),
        "HEAD": ("changing", "structure"),
        "ROWS": ("tables", "table"),
        "COUNT": ("export", "scalar"),
    }
    assert found["ROWS"].fields == found["HEAD"].fields == ROW
    assert found["NAME"].fields == (Field(name="NAME", length=12),)


def test_names_of_mc_style_are_those_of_the_dictionary_again() -> None:
    found = parameters(MC_STYLE, "Z_READ_USERS")
    assert {name: each.direction for name, each in found.items()} == {
        "IM_USER": "import",
        "ROWS": "tables",
    }
    assert found["ROWS"].fields == (Field(name="USER_NAME", length=4),)


def test_a_wsdl_of_another_module_says_nothing() -> None:
    assert interface_of(NODE.encode(), "Z_WRITE") is None


@pytest.mark.parametrize(
    ("document", "word"),
    [
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "DOCTYPE"),
        ("<definitions>", "no complete XML"),
        ("", "no complete XML"),
        ("<a>" * 70 + "</a>" * 70, "deeper"),
    ],
)
def test_what_is_no_wsdl_is_refused(document: str, word: str) -> None:
    """CO-T34."""
    with pytest.raises(InputRejected, match=word):
        interface_of(document.encode(), "Z_READ")


def test_a_type_that_refers_to_itself_ends() -> None:
    loop = NODE.replace(
        '<xsd:restriction base="xsd:string"><xsd:maxLength value="12"/>',
        ('<xsd:restriction base="s0:char12">'),
    )
    assert parameters(loop, "Z_READ")["NAME"].fields[0].name == "NAME"
