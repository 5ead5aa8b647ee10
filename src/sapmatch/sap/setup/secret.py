"""What the secret of each way to log on holds."""

from collections.abc import Collection, Mapping
from typing import Final

_CLIENT: Final = ("client_id", "client_secret")
_P12: Final = ("p12", "password")
_PEM: Final = ("certificate", "key")
_SHAPES: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "none": (),
    "basic": (("user", "password"),),
    "certificate": (_P12, _PEM),
    "oauth2-client-credentials": (_CLIENT, ("client_id", *_P12), ("client_id", *_PEM)),
    "oauth2-saml-bearer": ((*_CLIENT, *_PEM), (*_CLIENT, *_P12)),
    "btp-destination": (
        ("clientid", "clientsecret", "url", "uri"),
        ("clientid", "certificate", "key", "certurl", "uri"),
    ),
}
_OPTIONAL: Final = frozenset({"password"})  # of a .p12 that has none
_FILES: Final = frozenset({"p12", "certificate", "key"})


def shapes(kind: str) -> tuple[tuple[str, ...], ...]:
    """The sets of fields that `auth.type` takes, the usual one first; none where it needs none."""
    return _SHAPES[kind]


def lacks(kind: str, fields: Mapping[str, str]) -> tuple[str, ...]:
    """The fields that are missing of the set that is nearest; none where one is whole."""
    filled = {name for name, value in fields.items() if value}
    needed = [_needed(shape) for shape in _SHAPES[kind]]
    closest = min(needed, key=lambda each: (-len(filled.intersection(each)), len(each)))
    whole = any(filled.issuperset(each) for each in needed)
    return () if whole else tuple(each for each in closest if each not in filled)


def _needed(shape: Collection[str]) -> tuple[str, ...]:
    return tuple(each for each in shape if "p12" not in shape or each not in _OPTIONAL)


def commands(kind: str, secret: str) -> list[str]:
    """How to store it, with placeholders; no secret is ever on a command line."""
    if not shapes(kind):
        return []
    fields = shapes(kind)[0]
    if secret.startswith("env:"):
        prefix = secret.removeprefix("env:")
        return [_export(prefix, field) for field in fields]
    placeholders = ", ".join(f'"{field}": "<{field}>"' for field in fields)
    return [
        f"# secret.json, which only you may read (chmod 600): {{{placeholders}}}",
        "# KEY_ARN: output KeyArn of the stage's data stack (sapmatch-prod-data)",
        (
            f"aws secretsmanager create-secret --name {secret} --kms-key-id KEY_ARN "
            "--secret-string file://secret.json"
        ),
        "shred -u secret.json",
    ]


def _export(prefix: str, field: str) -> str:
    name = f"{prefix}_{field.upper()}"
    if field in _FILES:
        return f"export {name}_FILE=<path of the file>"
    return f"read -rs {name} && export {name}"
