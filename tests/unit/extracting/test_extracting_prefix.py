"""What lies under the prefix of an entity set is its table, for engines that read prefixes."""

from pathlib import Path

import duckdb
import pandas
import pytest

from sapmatch.folder import FolderObjects
from sapmatch.model.flow import Output
from tests.builders.chunks import extracted, plan_of, sap_with


@pytest.mark.parametrize("target_mb", [None, 1])
def test_the_prefix_of_a_set_is_a_parquet_table(tmp_path: Path, target_mb: int | None) -> None:
    plan = plan_of(output=Output(format="parquet", values="typed", target_mb=target_mb))
    extracted(plan, sap_with(7), FolderObjects(tmp_path))
    prefix = tmp_path / Path(plan.prefix(plan.chunks[0])).parent
    assert len(pandas.read_parquet(prefix)) == 7
    files = [str(path) for path in prefix.rglob("[!_]*") if path.is_file()]
    assert duckdb.execute("SELECT count(*) FROM read_parquet(?)", [files]).fetchall() == [(7,)]
