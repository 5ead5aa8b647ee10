"""Messages in RETURN: class 01 in two languages, so that nobody can go by the text.

124, 187, 190, 193, 224, 290, 025, 410 and 615 are known from published sources. All other numbers
are ours, and those of SAP may differ.
"""

from typing import Any

_TEXTS: dict[str, tuple[str, str, str]] = {
    # number: type, English, German; & stands for the first variable
    "025": ("E", "Company address & cannot be selected", "Firmenadresse & ist nicht wählbar"),
    "039": ("S", "User & was changed", "Benutzer & wurde geändert"),
    "048": ("S", "Assignments of & were changed", "Zuordnungen von & wurden geändert"),
    "088": ("I", "User & exists", "Benutzer & ist vorhanden"),
    "102": ("S", "User & was created", "Benutzer & wurde angelegt"),
    "124": ("E", "User & does not exist", "Benutzer & ist nicht vorhanden"),
    "174": ("E", "Role & does not exist", "Rolle & ist nicht vorhanden"),
    "175": ("E", "Profile & does not exist", "Profil & ist nicht vorhanden"),
    "176": ("E", "User group & does not exist", "Benutzergruppe & ist nicht vorhanden"),
    "177": ("E", "Enter a last name", "Bitte einen Nachnamen eingeben"),
    "178": ("E", "User type & is not allowed", "Benutzertyp & ist nicht erlaubt"),
    "179": (
        "E",
        "System & is not in the distribution model",
        "System & fehlt im Verteilungsmodell",
    ),
    "180": ("E", "Roles are maintained in the central system", "Rollen pflegt das Zentralsystem"),
    "181": ("E", "No authorization for system &", "Keine Berechtigung für System &"),
    "182": ("E", "Validity is not valid", "Gültigkeit ist ungültig"),
    "183": ("E", "Central user administration is not active", "Keine zentrale Verwaltung aktiv"),
    "184": ("E", "Fill in a user name", "Bitte einen Benutzernamen eingeben"),
    "187": ("E", "Password is too short", "Kennwort ist zu kurz"),
    "190": ("E", "Password needs a digit", "Kennwort braucht eine Ziffer"),
    "193": ("E", "Password is one of the last ones", "Kennwort wurde zuletzt verwendet"),
    "224": ("E", "User & already exists", "Benutzer & ist bereits vorhanden"),
    "232": ("S", "User & was deleted", "Benutzer & wurde gelöscht"),
    "245": ("S", "User & was locked", "Benutzer & wurde gesperrt"),
    "246": ("S", "User & was unlocked", "Benutzer & wurde entsperrt"),
    "290": ("E", "An initial password is needed", "Ein Initialkennwort ist erforderlich"),
    "291": ("S", "Password was changed", "Kennwort wurde geändert"),
    "410": ("E", "User & is being maintained by somebody", "Benutzer & ist gerade in Bearbeitung"),
    "491": ("E", "No authorization for users", "Keine Berechtigung für Benutzer"),
    "502": ("E", "Name or password is wrong", "Name oder Kennwort ist falsch"),
    "613": (
        "E",
        "Parameter & cannot be searched for",
        "Nach Parameter & kann nicht gesucht werden",
    ),
    "614": ("E", "Option & is not supported", "Option & wird nicht unterstützt"),
    "615": (
        "E",
        "LOGOP and ARITY are only supported in first line",
        "LOGOP und ARITY sind nur in der ersten Zeile erlaubt",
    ),
}


def message(
    number: str, *variables: str, language: str = "EN", system: str = "", **more: Any
) -> dict[str, Any]:
    """A row of RETURN."""
    kind, english, german = _TEXTS.get(number, ("E", "Refused", "Abgelehnt"))
    text = german if language.upper() in ("DE", "D") else english
    named = {f"MESSAGE_V{n}": value for n, value in enumerate(variables, start=1)}
    return {
        "TYPE": kind,
        "ID": "01",
        "NUMBER": number,
        "MESSAGE": text.replace("&", variables[0] if variables else "").replace("  ", " "),
        "SYSTEM": system,
        **named,
        **more,
    }
