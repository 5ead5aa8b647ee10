"""What the pages say to run on this machine runs, word for word but for the ports."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
BLOCK = re.compile(r"^```(sh|toml)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LISTENS = "until (exec 3<>/dev/tcp/127.0.0.1/{}) 2> /dev/null; do sleep 0.1; done"


def free_ports(count: int) -> list[int]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    found = [int(each.getsockname()[1]) for each in taken]
    for each in taken:
        each.close()
    return found


def section(page: str, heading: str) -> list[tuple[str, str]]:
    text = (FOLDER / "docs" / page).read_text(encoding="utf-8")
    return BLOCK.findall(text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0])


@pytest.mark.parametrize(
    ("page", "heading", "shown"),
    [
        ("embedded-sap.md", "A SAML assertion, from the key to the call", "a token for MEIER"),
        ("btp.md", "Without BTP", "location id DC1"),
    ],
)
def test_a_section_that_can_be_run_ends_with_all_well(
    page: str, heading: str, shown: str, tmp_path: Path
) -> None:
    blocks = section(page, heading)
    assert [kind for kind, _ in blocks] == ["sh", "toml", "sh"]
    servers, settings, commands = (text.replace(".venv/bin/", f"{BIN}/") for _, text in blocks)
    ports = dict(zip(("8000", "8001", "8002"), map(str, free_ports(3)), strict=True))

    def moved(text: str) -> str:
        return re.sub(r"\b800[0-2]\b", lambda found: ports[found[0]], text)

    (tmp_path / "local").symlink_to(FOLDER / "local")
    (tmp_path / "sapmatch.toml").write_text(moved(settings))
    waits = [LISTENS.format(ports[port]) for port in ports if port in servers]
    script = ["set -e", "trap 'kill $(jobs -p)' EXIT", moved(servers), *waits, moved(commands)]
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=tmp_path,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "XDG_STATE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert shown in done.stdout
    assert "failed" not in done.stdout
