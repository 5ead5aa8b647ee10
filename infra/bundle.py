"""Builds what the functions are made of: `python -m infra.bundle --target cloud|local`.

build/<target>/code holds our own code and the settings, build/<target>/layers/<layer>/python the
packages. It is the only step of a deployment that needs the network; synth reads the result.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sapmatch.model.errors import InputRejected
from sapmatch.settings import Settings, load

ROOT = Path(__file__).resolve().parent.parent
LAYERS = {
    "base": ("requests", "msgspec", "aws-lambda-powertools", "rapidfuzz"),
    "documents": ("lxml", "pypdfium2", "python-stdnum"),
    "columnar": ("duckdb",),
    "identity": ("cryptography", "signxml", "pyjwt"),
}
BASE_LIMIT = 15_000_000  # bytes unzipped in the cloud: every cold start loads this layer
# Amazon Linux 2023 on Graviton; the emulator runs functions on this machine's own Python.
_CLOUD = ("--python-version", "3.14", "--python-platform", "aarch64-manylinux_2_28")
_NEEDLESS = ("__pycache__", "tests", "bin", ".lock", "*.pyi", "RECORD", "INSTALLER", "REQUESTED")


def main(arguments: Sequence[str] | None = None) -> None:
    """Build everything for one target, or write the lock files of the layers anew."""
    parser = argparse.ArgumentParser(prog="python -m infra.bundle")
    parser.add_argument("--target", choices=("cloud", "local"), default="cloud")
    parser.add_argument("--settings", type=Path, default=ROOT / "sapmatch.toml")
    parser.add_argument("--lock", action="store_true", help="write requirements-<layer>.txt anew")
    options = parser.parse_args(arguments)
    if options.lock:
        for layer in LAYERS:
            lock(layer)
    else:
        bundle(ROOT / "build" / options.target, options.target, options.settings)


def bundle(build: Path, target: str, settings: Path) -> None:
    """Code and layers into the folder; SystemExit where the base layer is too big."""
    copy_code(code_folder(build), settings)
    _report(code_folder(build))
    for layer in LAYERS:
        install(layer, layer_folder(build, layer), target)
        _report(layer_folder(build, layer))
    if target == "cloud" and size(layer_folder(build, "base")) > BASE_LIMIT:
        raise SystemExit(f"the base layer exceeds {BASE_LIMIT / 1e6:.0f} MB: take a package out")


def code_folder(build: Path) -> Path:
    """Where the one code asset lies."""
    return build / "code"


def layer_folder(build: Path, layer: str) -> Path:
    """Where the asset of a layer lies."""
    return build / "layers" / layer


def mapping_files(settings: Settings) -> list[str]:
    """The CSV files that the settings name, as paths from their folder."""
    return sorted({f.mapping_file for f in settings.write_backs.values() if f.mapping_file})


def copy_code(folder: Path, settings: Path) -> None:
    """Our package, the entry points, the settings as sapmatch.toml and the mappings they name."""
    shutil.rmtree(folder, ignore_errors=True)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src" / "sapmatch", folder / "sapmatch", ignore=ignore)
    shutil.copytree(ROOT / "functions", folder / "functions", ignore=ignore)
    shutil.copyfile(settings, folder / "sapmatch.toml")
    for name in mapping_files(_settings(settings)):
        if not (settings.parent / name).is_file():
            raise SystemExit(f"{settings}: names the mapping_file {name}, which is not beside it")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(settings.parent / name, folder / name)


def install(layer: str, folder: Path, target: str) -> None:
    """Install the layer's locked packages, unless exactly these are there already."""
    lock_file = lock_path(layer)
    platform = _CLOUD if target == "cloud" else ("--python", sys.executable)
    made_from = [lock_file.read_text(), Path(__file__).read_text(), *platform]
    digest = hashlib.sha256("\0".join(made_from).encode()).hexdigest()
    stamp = folder.with_suffix(".stamp")
    if folder.is_dir() and stamp.is_file() and stamp.read_text() == digest:
        return
    stamp.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    packages = folder / "python"
    options = ["--only-binary", ":all:", "--require-hashes", "--requirements", str(lock_file)]
    _uv("pip", "install", "--quiet", *platform, "--target", str(packages), *options)
    _strip(packages)
    stamp.write_text(digest)


def lock(layer: str) -> None:
    """Write the layer's lock file with the versions of requirements.txt."""
    names = "\n".join(LAYERS[layer])
    options = "--quiet --universal --python-version 3.11 --generate-hashes"
    style = "--no-emit-index-url --no-header --no-annotate --constraint requirements.txt"
    output = ("--output-file", str(lock_path(layer)))
    _uv("pip", "compile", *options.split(), *style.split(), *output, "-", text=names)


def lock_path(layer: str) -> Path:
    """The lock file of a layer."""
    return ROOT / f"requirements-{layer}.txt"


def size(folder: Path) -> int:
    """Bytes of all files, as Lambda counts them unzipped."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _settings(path: Path) -> Settings:
    try:
        return load(path)
    except InputRejected as exc:
        raise SystemExit(str(exc)) from exc


def _strip(packages: Path) -> None:
    """Remove what no function reads; licences stay."""
    for pattern in _NEEDLESS:
        for path in list(packages.rglob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def _uv(*arguments: str, text: str | None = None) -> None:
    command = [sys.executable, "-m", "uv", *arguments]
    subprocess.run(command, check=True, cwd=ROOT, text=True, input=text, timeout=600)  # noqa: S603


def _report(folder: Path) -> None:
    print(f"{folder.relative_to(ROOT)}: {size(folder) / 1e6:.1f} MB")  # noqa: T201


if __name__ == "__main__":
    main()
