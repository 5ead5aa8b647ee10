"""[matching]: what a decision can work with, and every mistake by its path."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import WriteBack
from sapmatch.model.policy import ExchangeRates, MatchingPolicy
from sapmatch.settings import parse, policy_of

HEAD = """
[matching.company_codes.1010]
name = "Example Maschinenbau GmbH"
currency = "EUR"
"""
OTHER = 'tolerances = { PP = { upper_absolute = "off" } }'
RATES = """
[matching.exchange_rates]
source = "European Central Bank"
max_age_days = 4
[matching.exchange_rates.rates.EUR.2026-11-20]
USD = "1.0832"
"""


def policy(text: str) -> MatchingPolicy:
    matching = parse(text.encode(), "sapmatch.toml").matching
    assert matching is not None
    return policy_of(matching)


def mistakes(text: str) -> dict[str | None, str]:
    with pytest.raises(InputRejected) as caught:
        parse(text.encode(), "sapmatch.toml")
    return {problem.field: problem.message for problem in caught.value.problems}


def company(lines: str) -> dict[str | None, str]:
    """Mistakes of the company code with these lines, paths without its own."""
    found = mistakes(HEAD + lines)
    return {(f or "").removeprefix("matching.company_codes.1010."): m for f, m in found.items()}


def test_exchange_rates_stay_exact_and_are_found_by_day() -> None:
    """MA-P33"""
    rates = policy(HEAD + RATES).exchange_rates
    assert rates == ExchangeRates(
        source="European Central Bank",
        rates={"EUR": {date(2026, 11, 20): {"USD": Decimal("1.0832")}}},
        max_age_days=4,
    )


def test_no_exchange_rates_may_be_written_as_none() -> None:
    assert policy('[matching]\nexchange_rates = "none"\n' + HEAD).exchange_rates is None
    assert policy(HEAD).exchange_rates is None


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        (('"1.0832"', "1.0832"), "rates.EUR.2026-11-20.USD"),
        (('"1.0832"', '"0"'), "rates.EUR.2026-11-20.USD"),
        (('"1.0832"', '"-1"'), "rates.EUR.2026-11-20.USD"),
        (('"1.0832"', '"NaN"'), "rates.EUR.2026-11-20.USD"),
        (('"1.0832"', '"1E+400"'), "rates.EUR.2026-11-20.USD"),
        (('"1.0832"', '"1E-400"'), "rates.EUR.2026-11-20.USD"),
        (("USD", "EUR"), "rates.EUR.2026-11-20.EUR"),
        (("USD", "QQQ"), "rates.EUR.2026-11-20.QQQ"),
        (("EUR.2026", "EURO.2026"), "rates.EURO"),
        (("2026-11-20", "2026-13-20"), "rates.EUR.2026-13-20"),
        (("max_age_days = 4", "max_age_days = -1"), "max_age_days"),
        (('"European Central Bank"', '" "'), "source"),
        (('[matching.exchange_rates.rates.EUR.2026-11-20]\nUSD = "1.0832"', ""), "rates"),
    ],
)
def test_a_rate_that_nobody_can_use_is_named(wrong: tuple[str, str], path: str) -> None:
    """MA-P33"""
    assert list(mistakes(HEAD + RATES.replace(*wrong))) == [f"matching.exchange_rates.{path}"]


def test_the_word_for_no_rates_is_none() -> None:
    found = mistakes('[matching]\nexchange_rates = "ecb"\n' + HEAD)
    assert list(found) == ["matching.exchange_rates"]


@pytest.mark.parametrize(
    "limit", ['"-1"', '"NaN"', '"Infinity"', '"1E+400"', '"1E-400"', "1.5", "1"]
)
def test_a_limit_is_a_usable_number_in_quotes(limit: str) -> None:
    """MA-P41, MA-P60"""
    assert list(company(f"tolerances.PP = {{ upper_absolute = {limit} }}")) == [
        "tolerances.PP.upper_absolute"
    ]


def test_a_percentage_beyond_all_reason_is_refused() -> None:
    assert list(company('tolerances.PP = { upper_percent = "1000.1" }')) == [
        "tolerances.PP.upper_percent"
    ]
    assert policy(HEAD + 'tolerances.PP = { upper_percent = "1000" }')


@pytest.mark.parametrize(
    ("limits", "path"),
    [
        ('AN = { upper_percent = "2" }', "tolerances.AN"),
        ('BD = { upper_percent = "1", lower_absolute = "1" }', "tolerances.BD"),
        ('DW = { lower_absolute = "0" }', "tolerances.DW"),
        ('BR = { upper_absolute = "5" }', "tolerances.BR"),
        ('LA = { lower_percent = "5" }', "tolerances.LA"),
        ('DW = { upper_absolute = "0", effect = "block" }', "tolerances.DW.effect"),
        ('BD = { upper_absolute = "1", effect = "block" }', "tolerances.BD.effect"),
        ('VP = { upper_percent = "1", effect = "block" }', "tolerances.VP.effect"),
    ],
)
def test_limits_that_would_open_their_key_and_effects_that_never_come_are_refused(
    limits: str, path: str
) -> None:
    """MA-P41: a key without any limit that it knows lets everything pass."""
    assert list(company(f"tolerances.{limits}")) == [path]


def test_limits_that_a_key_does_not_know_do_no_harm_beside_one_that_it_knows() -> None:
    limits = '{ upper_absolute = "0.05", lower_absolute = "0.05" }'
    assert policy(HEAD + f"tolerances.BD = {limits}")
    assert policy(HEAD + 'tolerances.BD = { upper_absolute = "off" }')  # off, and written so


@pytest.mark.parametrize(
    ("limits", "key"),
    [
        ("PP = {}", "PP"),
        ('DQ = { lower_percent = "5" }', "DQ"),
        ('PP = { lower_percent = "10", effect = "block" }', "PP"),
        ("BD = {}", "BD"),
    ],
)
def test_a_key_that_allowed_nothing_is_not_opened_by_a_limit_that_nobody_wrote(
    limits: str, key: str
) -> None:
    """MA-P41: what looks strictest must not switch the check off."""
    found = company(f"tolerances.{limits}")
    assert list(found) == [f"tolerances.{key}"]
    assert 'upper_absolute = "off"' in found[f"tolerances.{key}"]
    override = f'overrides = [{{ supplier = "1", tolerances = {{ {limits} }} }}]'
    assert list(company(override)) == [f"overrides[0].tolerances.{key}"]


def test_keys_that_are_off_unless_named_may_have_any_limit_of_theirs() -> None:
    assert policy(HEAD + 'tolerances = { KW = { lower_percent = "5" }, ST = {} }')


@pytest.mark.parametrize(
    ("lines", "path"),
    [
        ('overrides = { supplier = "1" }', "overrides"),
        ('overrides = "x"', "overrides"),
        ('overrides = [{ supplier = "1", tolerances = "x" }]', "overrides[0].tolerances"),
        ('overrides = [{ supplier = "1", tolerances = [1] }]', "overrides[0].tolerances"),
        ('tolerances = "x"', "tolerances"),
        ('vat_ids = "DE811234567"', "vat_ids"),
        ('overrides = [{ supplier = 1, material = "M" }]', "overrides[0].supplier"),
    ],
)
def test_a_value_of_another_shape_is_named_in_words(lines: str, path: str) -> None:
    """MA-P60"""
    found = company(lines)
    assert found[path].startswith(("must be a table", "must be a list", "must be a text"))


def test_a_block_without_sides_or_company_codes_finds_nothing_and_is_refused() -> None:
    assert list(mistakes("[matching]\norder_sides = []\n" + HEAD)) == ["matching.order_sides"]
    assert list(mistakes("[matching]\n")) == ["matching.company_codes"]


def test_an_effect_is_review_or_block() -> None:
    found = company('tolerances.PP = { upper_absolute = "1", effect = "pay" }')
    assert found == {"tolerances.PP.effect": 'must be one of "review", "block"'}


@pytest.mark.parametrize("currency", ["EURO", "eur", "QQQ", ""])
def test_a_currency_is_one_of_iso_4217(currency: str) -> None:
    found = mistakes(HEAD.replace('"EUR"', f'"{currency}"'))
    assert list(found) == ["matching.company_codes.1010.currency"]


@pytest.mark.parametrize("code", ["10100", "ab", "10-1"])
def test_a_company_code_is_named_as_sap_does(code: str) -> None:
    found = mistakes(HEAD.replace("1010", code))
    assert list(found) == [f"matching.company_codes.{code}"]


@pytest.mark.parametrize("name", ["V1", "19 %", "-19", "101", "AE:", "1E1"])
def test_a_tax_code_is_found_by_its_rate(name: str) -> None:
    assert list(company(f'tax_codes = {{ "{name}" = "V1" }}')) == [f"tax_codes.{name}"]


def test_tax_rates_may_name_their_category() -> None:
    codes = '{ "19" = "V1", "7.0" = "V2", "AE:0" = "VR", "e: 0" = "V0" }'
    assert len(policy(HEAD + f"tax_codes = {codes}").company_codes["1010"].tax_codes) == 4


def test_a_vat_id_is_long_enough_to_tell_companies_apart() -> None:
    assert list(company('vat_ids = ["DE811234567", "DE 81"]')) == ["vat_ids[1]"]
    assert policy(HEAD + 'vat_ids = ["DE811234567", "RO 123"]')


def test_sampling_is_a_share() -> None:
    assert list(company('sampling = { percent = "101" }')) == ["sampling.percent"]
    assert list(company("sampling = { percent = 5.0 }")) == ["sampling.percent"]
    assert policy(HEAD + 'sampling = { percent = "2.5", threshold = "1000" }')


@pytest.mark.parametrize(
    ("overrides", "path"),
    [
        ('{ tolerances = { PP = { upper_absolute = "1" } } }', "overrides[0]"),
        ('{ supplier = "10100001" }', "overrides[0].tolerances"),
        ('{ supplier = "1", tolerances = { XX = {} } }', "overrides[0].tolerances.XX"),
        ('{ supplier = "1", tolerances = { BD = {} } }', "overrides[0].tolerances.BD"),
        ('{ material = "M", tolerances = { AN = {} } }', "overrides[0].tolerances.AN"),
        (f'{{ material = "00", {OTHER} }}', "overrides[0]"),
        (f'{{ material = "m-7", {OTHER} }}, {{ material = "M-7", {OTHER} }}', "overrides[1]"),
        (f'{{ supplier = "1", {OTHER} }}, {{ supplier = "0001", {OTHER} }}', "overrides[1]"),
    ],
)
def test_an_override_says_for_whom_and_what(overrides: str, path: str) -> None:
    assert list(company(f"overrides = [{overrides}]")) == [path]


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("duplicate_window_days = -1", "duplicate_window_days"),
        ("candidate_cap = 0", "candidate_cap"),
        ("colour = 1", "colour"),
        ('weights = { "name equal" = 601 }', "weights.name equal"),
        ('weights = { "name alike" = 1 }', "weights.name alike"),
        ("weights = { prior = 500 }", "weights.prior"),
        ('weights = { "order number different" = 100 }', "weights.order number different"),
        ('weights = { "order number equal" = -168 }', "weights.order number equal"),
        ('weights = { "name equal" = 1.5 }', "weights.name equal"),
    ],
)
def test_a_rule_that_nothing_can_follow_is_named(line: str, path: str) -> None:
    assert list(mistakes(f"[matching]\n{line}\n" + HEAD)) == [f"matching.{path}"]


@pytest.mark.parametrize(
    ("lines", "path"),
    [
        ('unplanned_account = "12345678901"', "unplanned_account"),
        ('unplanned_account = ""', "unplanned_account"),
        ('unplanned_account = "65008100"\nunplanned_cost_center = "a b"', "unplanned_cost_center"),
        ('unplanned_cost_center = "17101301"', "unplanned_account"),
    ],
)
def test_the_account_of_unplanned_lines_is_one_that_sap_can_have(lines: str, path: str) -> None:
    """MA-P38"""
    assert list(company(lines)) == [path]
    assert policy(HEAD + 'unplanned_account = "65008100"\nunplanned_cost_center = "17101301"')


def test_the_rules_know_whether_matches_are_written_as_supplier_invoices() -> None:
    """Each is another version: the same invoice may be decided otherwise."""
    flow: dict[str, Any] = {"connection": "s4", "service": "/s", "entity_set": "A_SupplierInvoice"}
    written = WriteBack(**flow, operation="insert", source="match", order_side="purchase_order")
    dropped = WriteBack(**flow, operation="insert", source="inbox")
    matching = parse(HEAD.encode(), "sapmatch.toml").matching
    assert matching is not None
    bare, other, full = (policy_of(matching, flows) for flows in ((), [dropped], [written]))
    assert (bare.writes_invoices, full.writes_invoices) == (False, True)
    assert bare == other
    assert bare.version != full.version
