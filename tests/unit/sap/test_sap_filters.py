"""What Sales and Service Cloud and Business ByDesign take of a filter."""

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.sap.odata.filters import check_simple


def check(text: str, expand: str = "") -> None:
    check_simple("[connections.c4c]: AccountCollection", {"$filter": text, "$expand": expand})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Name eq 'A' and City eq 'B'",
        "Name eq 'A' or Name eq 'B'",
        "(Name eq 'A' or Name eq 'B') and (City eq 'C' or City eq 'D')",
        "CreatedOn ge datetimeoffset'2026-01-01T00:00:00Z' and On lt datetime'2026-02-01T00:00'",
        "Name eq 'it''s year(2026) or (not)' and City eq ')'",
        "startswith(Name,'A') or endswith(Name,'B')",
        "not (Name eq 'A') and (Amount gt 10M)",
        "Active eq true or Active eq null",
        "Address/City eq 'B'",
    ],
)
def test_what_these_systems_take_passes(text: str) -> None:
    check(text, expand="Contacts")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Name eq 'A' or City eq 'B'", "`or` joins conditions on City, Name"),
        ("Name eq 'A' and City eq 'B' or City eq 'C'", "City, Name"),
        ("Zip eq '1' and ((Name eq 'A') or (City eq 'B'))", "City, Name"),
        ("substringof('A',Name)", r"substringof\(\)"),
        ("tolower(Name) eq 'a'", r"tolower\(\)"),
        ("year(CreatedOn) eq 2026", r"year\(\)"),
        ("floor(Amount) eq 1", r"floor\(\)"),
        ("Amount add 1 eq 2", "does not calculate"),
        ("Contacts/Name eq 'A'", "Contacts/Name is a field of an expanded navigation"),
    ],
)
def test_what_they_do_not_take_is_named_before_anything_is_sent(text: str, said: str) -> None:
    with pytest.raises(InputRejected, match=said) as refused:
        check(text, expand="Contacts,Team/Members")
    assert str(refused.value).startswith("[connections.c4c]: AccountCollection: $filter: ")
    assert {problem.field for problem in refused.value.problems} == {"$filter"}


def test_every_mistake_is_told_at_once_and_no_value_is() -> None:
    with pytest.raises(InputRejected) as refused:
        check("toupper(Name) eq 'SECRET' or Team/Id eq 'SECRET'", expand="Team")
    assert len(refused.value.problems) == 3
    assert "SECRET" not in str(refused.value)


@pytest.mark.parametrize("text", ["(Name eq 'A'", "Name eq 'A')) or City eq 'B'", "((((", "'"])
def test_brackets_that_do_not_fit_are_left_to_sap(text: str) -> None:
    check(text)
