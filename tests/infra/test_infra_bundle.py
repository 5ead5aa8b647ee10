"""What functions are made of: locked packages for the right machine, and nothing else."""

import re
from pathlib import Path

import pytest

from infra import bundle

ROOT = bundle.ROOT
PINNED = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def versions(file: Path) -> dict[str, str]:
    """Package -> version of a lock file."""
    return dict(PINNED.findall(file.read_text()))


@pytest.mark.parametrize("layer", bundle.LAYERS)
def test_a_layer_has_the_versions_that_the_tests_ran_with(layer: str) -> None:
    locked, tested = versions(bundle.lock_path(layer)), versions(ROOT / "requirements.txt")
    assert set(bundle.LAYERS[layer]) <= locked.keys()
    assert locked.items() <= tested.items()


@pytest.mark.parametrize("layer", bundle.LAYERS)
def test_a_layer_is_locked_by_hash_and_names_no_address(layer: str) -> None:
    text = bundle.lock_path(layer).read_text()
    for entry in re.split(r"\n(?=[a-z])", text.strip()):
        assert "--hash=sha256:" in entry
    assert "://" not in text
    assert "index-url" not in text


def test_every_dependency_of_the_product_is_in_a_layer_or_stays_outside() -> None:
    listed = re.search(r"\ndependencies = \[(.*?)\n\]", (ROOT / "pyproject.toml").read_text(), re.S)
    assert listed
    names = set(re.findall(r'"([a-z0-9-]+)[>=]', listed[1]))
    carried = {name for layer in bundle.LAYERS.values() for name in layer}
    assert names - carried == {"boto3", "rich"}  # Lambda's own; command line only


FLOW = """
[connections.s4]
url = "https://sap.example.com"
client = "100"
auth = { type = "basic", secret = "sapmatch/s4" }
[write_backs.orders]
connection = "s4"
service = "/sap/opu/odata/sap/API_SALES_ORDER_SRV"
entity_set = "A_SalesOrder"
operation = "update"
schedule = "rate(5 minutes)"
mapping_file = "mappings/orders.csv"
"""


def test_the_code_asset_holds_our_code_the_settings_and_their_mappings(tmp_path: Path) -> None:
    settings, mapping = tmp_path / "mine.toml", tmp_path / "mappings" / "orders.csv"
    settings.write_text(FLOW)
    mapping.parent.mkdir()
    mapping.write_text("source,target\n")
    code = tmp_path / "code"
    (code / "old").mkdir(parents=True)
    bundle.copy_code(code, settings)
    held = {path.name for path in code.iterdir()}
    assert held == {"sapmatch", "functions", "sapmatch.toml", "mappings"}
    assert (code / "sapmatch.toml").read_text() == FLOW
    assert (code / "mappings" / "orders.csv").read_text() == "source,target\n"
    assert not list(code.rglob("__pycache__"))


@pytest.mark.parametrize(
    ("text", "said"), [(FLOW, "mappings/orders.csv"), (FLOW + "[nonsense]\n", "nonsense")]
)
def test_settings_that_could_not_run_are_not_bundled(tmp_path: Path, text: str, said: str) -> None:
    settings = tmp_path / "mine.toml"
    settings.write_text(text)
    with pytest.raises(SystemExit, match=said):
        bundle.copy_code(tmp_path / "code", settings)


class Installer:
    """Stands in for uv: notes its arguments, leaves one package."""

    def __init__(self, size: int = 1) -> None:
        self.calls: list[tuple[str, ...]] = []
        self.size = size

    def __call__(self, *arguments: str, text: str | None = None) -> None:
        self.calls.append(arguments)
        package = Path(arguments[arguments.index("--target") + 1]) / "package"
        (package / "tests").mkdir(parents=True)
        (package / "module.py").write_bytes(b"x" * self.size)
        (package / "LICENSE").touch()


@pytest.fixture
def uv(monkeypatch: pytest.MonkeyPatch) -> Installer:
    """An installer that needs no network."""
    installer = Installer()
    monkeypatch.setattr(bundle, "_uv", installer)
    return installer


def test_packages_are_wheels_for_lambda_checked_by_hash(uv: Installer, tmp_path: Path) -> None:
    bundle.install("base", tmp_path / "base", "cloud")
    (call,) = uv.calls
    text = " ".join(call)
    assert "--python-version 3.14 --python-platform aarch64-manylinux_2_28" in text
    assert "--only-binary :all: --require-hashes" in text


def test_a_layer_is_installed_once(uv: Installer, tmp_path: Path) -> None:
    for _ in range(2):
        bundle.install("base", tmp_path / "base", "cloud")
    assert len(uv.calls) == 1
    bundle.install("base", tmp_path / "base", "local")
    assert len(uv.calls) == 2


def test_tests_are_stripped_and_licences_kept(uv: Installer, tmp_path: Path) -> None:
    bundle.install("base", tmp_path / "base", "cloud")
    kept = {path.name for path in (tmp_path / "base" / "python" / "package").iterdir()}
    assert kept == {"module.py", "LICENSE"}


def test_a_base_layer_that_grew_too_big_stops_the_bundle(
    uv: Installer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "_report", lambda _: None)
    settings = tmp_path / "s.toml"
    settings.touch()
    uv.size = bundle.BASE_LIMIT + 1
    with pytest.raises(SystemExit, match="base layer"):
        bundle.bundle(tmp_path / "build", "cloud", settings)
