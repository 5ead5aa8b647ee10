"""Plans as they are stored: each value of a field beside its kind, as JSON knows no days."""

import hashlib
from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import field
from msgspec.structs import asdict, replace

from sapmatch.model.errors import InputRejected
from sapmatch.model.provisioning import Plan, PlannedUser
from sapmatch.model.rfc import RfcScalar
from sapmatch.model.users import UserChange

_SCHEMA = 1


class _Change(UserChange, frozen=True, kw_only=True):
    """Its fields by name: kind and text of each value."""

    fields: dict[str, tuple[str, str]] = field(default_factory=dict)  # type: ignore[assignment]


class _User(PlannedUser, frozen=True, kw_only=True):
    """One user of a plan."""

    change: _Change


class _Plan(Plan, frozen=True, kw_only=True):
    """A plan."""

    users: tuple[_User, ...] = ()


def encoded(plan: Plan) -> bytes:
    """The plan for a store; passwords are no part of it."""
    return msgspec.json.encode(asdict(plan) | {"users": [_user(user) for user in plan.users]})


def decoded(data: bytes) -> Plan:
    """The plan that was stored."""
    found = msgspec.json.decode(data, type=_Plan)
    if found.schema != _SCHEMA:
        raise InputRejected(f"a plan of schema {found.schema}: this version knows {_SCHEMA}")
    plain = {name: value for name, value in asdict(found).items() if name != "users"}
    return Plan(**plain, users=tuple(map(_planned, found.users)))


def encoded_users(users: Sequence[PlannedUser]) -> bytes:
    """A stretch of a plan that is being made."""
    return msgspec.json.encode([_user(user) for user in users])


def decoded_users(data: bytes) -> tuple[PlannedUser, ...]:
    """The same again."""
    return tuple(map(_planned, msgspec.json.decode(data, type=tuple[_User, ...])))


def digest(plan: Plan) -> str:
    """Digest of what is planned, whenever and by which run."""
    users = [_user(user) for user in plan.users]
    said = [plan.connection, users, plan.refused, plan.waits_for]
    return hashlib.sha256(msgspec.json.encode(said, order="deterministic")).hexdigest()[:32]


def _user(user: PlannedUser) -> dict[str, Any]:
    change = asdict(replace(user.change, password=None))
    values = {name: _told(value) for name, value in user.change.fields.items()}
    return asdict(user) | {"change": change | {"fields": values}}


def _planned(user: _User) -> PlannedUser:
    values = {name: _value(*told) for name, told in user.change.fields.items()}
    change = UserChange(**(asdict(user.change) | {"fields": values}))
    return PlannedUser(**(asdict(user) | {"change": change}))


def _told(value: RfcScalar) -> tuple[str, str]:
    if value is None:
        return "none", ""
    if isinstance(value, bytes):
        return "bytes", value.hex()
    text = value.isoformat() if isinstance(value, date | time) else str(value)
    return type(value).__name__, text


def _value(kind: str, text: str) -> RfcScalar:
    match kind:
        case "none":
            return None
        case "int":
            return int(text)
        case "float":
            return float(text)
        case "Decimal":
            return Decimal(text)
        case "date":
            return date.fromisoformat(text)
        case "time":
            return time.fromisoformat(text)
        case "bytes":
            return bytes.fromhex(text)
    return text
