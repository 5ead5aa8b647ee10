"""Supplier invoices with items on a G/L account, which no order knows, in the embedded SAP."""

from typing import Any

import pytest
import requests

from tests.contract.local_sap.local_sap_world import INVOICES, Api, code, invoice

SET = f"{INVOICES}/A_SupplierInvoice"


def create(api: Api, body: dict[str, Any]) -> requests.Response:
    return api.send("POST", SET, body)


def account(**fields: str) -> dict[str, str]:
    """5.00 on a G/L account."""
    return {
        "SupplierInvoiceItem": "1",
        "CompanyCode": "1010",
        "GLAccount": "65008100",
        "DebitCreditCode": "S",
        "DocumentCurrency": "EUR",
        "SupplierInvoiceItemAmount": "5.00",
        "TaxCode": "V1",
        **fields,
    }


def with_account(item: dict[str, str]) -> dict[str, Any]:
    """50.00 of the order and 5.00 on an account, 19 % on both."""
    return invoice(
        InvoiceGrossAmount="65.45",
        to_SupplierInvoiceTax=[{"TaxCode": "V1", "TaxAmount": "10.45"}],
        to_SupplierInvoiceItemGLAcct=[item],
    )


def test_an_item_on_an_account_is_part_of_balance_and_tax(api: Api) -> None:
    """MA-P38"""
    answer = create(api, with_account(account(CostCenter="17101301")))
    assert answer.status_code == 201, answer.text
    made = answer.json()["d"]
    shown = api.entity(f"{made['__metadata']['uri']}/to_SupplierInvoiceItemGLAcct")["results"]
    assert [(i["GLAccount"], i["CostCenter"], i["TaxCode"]) for i in shown] == [
        ("65008100", "17101301", "V1")
    ]


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"GLAccount": ""}, "001"),
        ({"SupplierInvoiceItemAmount": "-5.00"}, "012"),
        ({"CompanyCode": "1710"}, "015"),
        ({"DebitCreditCode": "H"}, "016"),
    ],
)
def test_an_item_on_an_account_is_whole_and_on_the_right_side(
    api: Api, fields: dict[str, str], refusal: str
) -> None:
    assert code(create(api, with_account(account(**fields)))) == f"ZLOCAL_SAP/{refusal}"
