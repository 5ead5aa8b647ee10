"""The embedded SAP with a small world, fresh for every test."""

from collections.abc import Iterator

import pytest

from local.sap.server import Server, serve
from tests.contract.local_sap.local_sap_v4_world import V4Api
from tests.contract.local_sap.local_sap_world import USERS, Api, seed


@pytest.fixture
def stand_in() -> Iterator[Server]:
    """A running stand-in with pages of five rows."""
    with serve(seed(), users=USERS, page_size=5) as server:
        yield server


@pytest.fixture
def api(stand_in: Server) -> Iterator[Api]:
    """A logged-on client."""
    client = Api(stand_in.url)
    with client.session:
        yield client


@pytest.fixture
def v4(stand_in: Server) -> Iterator[V4Api]:
    """A logged-on client of the V4 services."""
    client = V4Api(stand_in.url)
    with client.session:
        yield client
