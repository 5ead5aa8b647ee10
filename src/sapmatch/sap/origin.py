"""The one place that requests go to: scheme, host and port of the connection's url."""

import re
from collections.abc import Sequence
from urllib.parse import SplitResult, urljoin, urlsplit

from sapmatch.model.connection import LOOPBACK
from sapmatch.model.errors import InputRejected

_PORTS = {"https": 443, "http": 80}
# Parsers disagree about these, and a link may use that to look like ours.
_AMBIGUOUS = re.compile(r"[\x00-\x1f\x7f\\]")

Place = tuple[str, str, int]


class Origin:
    """Where one SAP system lives; `base` is `scheme://host:port`.

    `aliases` are other addresses that its links may name: such a link is followed at `base`.
    Raises InputRejected where an address is no https one (http: loopback only, or where all goes
    through the connectivity proxy).
    """

    def __init__(
        self, name: str, url: str, aliases: Sequence[str] = (), *, proxied: bool = False
    ) -> None:
        self._setting = f"[connections.{name}].url"
        own = _configured(url, self._setting, proxied)
        others = f"[connections.{name}].aliases"
        self._places = {own, *(_configured(one, others, proxied) for one in aliases)}
        self.base = _shown(own)

    def resolve(self, link: str, *, against: str) -> str:
        """The link as a URL at this origin, its path and query byte for byte (OD-P21, OD-P22).

        Raises InputRejected where it leads anywhere else: nothing of ours is sent there. Scheme,
        host and port of the result are always the configured ones, whatever a parser made of the
        link.
        """
        if _AMBIGUOUS.search(link):
            raise self._foreign("an ambiguous address")
        try:
            parts = urlsplit(urljoin(against, link))
            place = _place(parts)
        except ValueError as exc:
            raise self._foreign("an unreadable address") from exc
        if "@" in parts.netloc:
            raise self._foreign("an address with a user name")
        if place not in self._places:
            raise self._foreign(_shown(place))
        return f"{self.base}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")

    def check_own(self, url: str) -> None:
        """InputRejected unless a destination leads to this host and port: nothing is sent there."""
        try:
            place = _place(urlsplit(url))
        except ValueError as exc:
            raise InputRejected(f"{self._setting}: the destination's URL is no address") from exc
        if place[1:] not in {own[1:] for own in self._places}:
            raise InputRejected(
                f"{self._setting} is {self.base}, but the destination leads to {_shown(place)}; "
                "nothing was sent there: set one of them right"
            )

    def _foreign(self, where: str) -> InputRejected:
        return InputRejected(
            f"the link leads to {where}, but {self._setting} is {self.base}; nothing was sent "
            "there. If it is another name of the same system, add it to the connection's aliases"
        )


def _configured(url: str, setting: str, proxied: bool) -> Place:
    try:
        parts = urlsplit(url)
        place = _place(parts)
    except ValueError as exc:
        raise InputRejected(f"{setting}: is no address ({exc})") from exc
    scheme, host, _ = place
    if scheme != "https" and not proxied and host not in LOOPBACK:
        raise InputRejected(
            f"{setting}: must begin with https:// (http:// for loopback hosts only)"
        )
    if _AMBIGUOUS.search(url) or "@" in parts.netloc or parts.path.strip("/") or parts.query:
        raise InputRejected(f"{setting}: must be scheme, host and port only")
    return place


def _place(parts: SplitResult) -> Place:
    """Scheme, host and port; ValueError where one is missing or unknown."""
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("scheme or host is missing")
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


def _shown(place: Place) -> str:
    scheme, host, port = place
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
