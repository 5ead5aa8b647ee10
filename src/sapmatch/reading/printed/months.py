"""Names of months in thirteen languages, inflected as dates inflect them, and shortened."""

import functools
from collections.abc import Mapping

# Without accents, one row per month: en de fr nl it es pt pl cs da/sv/nb fi, where they differ.
_NAMES = {
    1: "january januar janvier januari gennaio enero janeiro styczen stycznia leden ledna tammikuu "
    "tammikuuta janner",
    2: "february februar fevrier februari febbraio febrero fevereiro luty lutego unor unora "
    "helmikuu helmikuuta feber",
    3: "march marz maerz mars maart marzo marco marzec marca brezen brezna marts maaliskuu "
    "maaliskuuta",
    4: "april avril aprile abril kwiecien kwietnia duben dubna huhtikuu huhtikuuta",
    5: "may mai mei maggio mayo maio maj maja kveten kvetna toukokuu toukokuuta",
    6: "june juni juin giugno junio junho czerwiec czerwca cerven cervna kesakuu kesakuuta",
    7: "july juli juillet luglio julio julho lipiec lipca cervenec cervence heinakuu heinakuuta",
    8: "august aout augustus augusti agosto sierpien sierpnia srpen srpna elokuu elokuuta",
    9: "september septembre settembre septiembre setembro wrzesien wrzesnia zari syyskuu "
    "syyskuuta setiembre",
    10: "october oktober octobre ottobre octubre outubro pazdziernik pazdziernika rijen rijna "
    "lokakuu lokakuuta",
    11: "november novembre noviembre novembro listopad listopada listopadu marraskuu marraskuuta",
    12: "december dezember decembre dicembre diciembre dezembro grudzien grudnia prosinec prosince "
    "desember joulukuu joulukuuta",
}
# Short forms that are no beginning of a name, or the beginning of several.
_SHORT = {
    3: "mrt mar mrz",
    6: "jun cze cvn",
    7: "jul cvc",
    9: "sept",
    11: "lis",
}
_SHORTEST = 3


def month_of(name: str) -> int:
    """1 to 12 for a month's name or the clear beginning of one, in lower case; else 0."""
    return _beginnings().get(name, 0)


@functools.cache
def _beginnings() -> Mapping[str, int]:
    """Every beginning of a name that only one month has."""
    months: dict[str, set[int]] = {}
    for month, names in _NAMES.items():
        for name in names.split():
            for end in range(_SHORTEST, len(name) + 1):
                months.setdefault(name[:end], set()).add(month)
    full = {name: month for month, names in _NAMES.items() for name in names.split()}
    short = {name: month for month, names in _SHORT.items() for name in names.split()}
    clear = {name: min(found) for name, found in months.items() if len(found) == 1}
    return clear | full | short
