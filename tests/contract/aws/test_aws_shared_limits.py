"""The shared pace over DynamoDB, with threads for functions."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from sapmatch.aws.control import DynamoControl
from sapmatch.limits.pace import SharedPace
from sapmatch.clock import SystemClock
from tests.builders.aws_table import make_table

RATE, CALLS = 20.0, 24


@pytest.fixture(scope="module")
def control(aws: str) -> DynamoControl:
    return DynamoControl(make_table("pace"))


def test_functions_that_come_together_keep_the_rate_and_all_are_served(
    control: DynamoControl,
) -> None:
    """RE-14"""

    def call(_: int) -> float:
        SharedPace(control, SystemClock(), "textract", {"Get": RATE}).take("Get")
        return time.time()

    begun = time.time()
    with ThreadPoolExecutor(6) as functions:
        times = sorted(functions.map(call, range(CALLS)))
    assert len(times) == CALLS
    assert all(at >= begun + n / RATE - 0.001 for n, at in enumerate(times))
