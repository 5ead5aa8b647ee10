"""How fast Textract is called, and how sure a reading must be."""

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.settings import parse


def mistakes(text: str) -> dict[str | None, str]:
    with pytest.raises(InputRejected) as caught:
        parse(text.encode(), "sapmatch.toml")
    return {problem.field: problem.message for problem in caught.value.problems}


def test_one_call_a_second_and_four_of_five_are_what_is_not_set() -> None:
    settings = parse(b"", "sapmatch.toml")
    limits = settings.textract
    assert (limits.analyze_tps, limits.start_tps, limits.get_tps) == (1.0, 1.0, 1.0)
    assert settings.reading.review_below == 0.8


def test_rates_are_whole_or_broken_numbers() -> None:
    settings = parse(b"[textract]\nanalyze_tps = 5\nget_tps = 0.25", "sapmatch.toml")
    assert (settings.textract.analyze_tps, settings.textract.get_tps) == (5.0, 0.25)


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf", "1001"])
def test_a_rate_that_calls_never_or_without_end_is_refused(rate: str) -> None:
    found = mistakes(f"[textract]\nstart_tps = {rate}")
    assert set(found) == {"textract.start_tps"}
    assert "Service Quotas" in found["textract.start_tps"]


@pytest.mark.parametrize("share", ["-0.1", "1.1", "90", "nan"])
def test_a_confidence_is_a_share(share: str) -> None:
    found = mistakes(f"[reading]\nreview_below = {share}")
    assert set(found) == {"reading.review_below"}
    assert "0.8" in found["reading.review_below"]


def test_a_text_is_no_rate_and_other_names_are_named() -> None:
    found = mistakes('[textract]\nanalyze_tps = "fast"\ntps = 1')
    assert set(found) == {"textract.analyze_tps", "textract.tps"}
    assert found["textract.analyze_tps"] == "must be a number, without quotes"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("max_pages = 'many'", "must be a whole number"),
        ("max_bytes = 1.5", "must be a whole number"),
    ],
)
def test_what_is_expected_is_told_in_plain_words(line: str, told: str) -> None:
    (message,) = mistakes(f"[intake]\n{line}").values()
    assert told in message


@pytest.mark.parametrize(
    ("text", "counted"), [("a = 1", "one mistake"), ("a = 1\nb = 1", "2 mist")]
)
def test_mistakes_are_counted_as_people_count(text: str, counted: str) -> None:
    with pytest.raises(InputRejected, match=counted):
        parse(text.encode(), "sapmatch.toml")
