"""Kinds of SAP systems: what each is known to do, and who mends what in it."""

from typing import Literal, TypeAlias

from msgspec import Struct

CsrfMode: TypeAlias = Literal["auto", "always", "never"]
ProfileName: TypeAlias = Literal["s4hana", "s4hana-cloud", "ecc", "c4c", "byd", "successfactors"]


class Remedies(Struct, frozen=True, kw_only=True):
    """What to do where SAP refuses: the logon, what the user wants to do, the service itself."""

    logon: str
    authorisation: str
    service: str


class Profile(Struct, frozen=True, kw_only=True):
    """What one kind of system does.

    `client`: it has clients to choose from. `standard_apis`: it has S/4HANA's services, which
    presets read. `json_parameter`: it answers in Atom unless a read asks for `$format=json`.
    `simple_filters`: it takes fewer filters than OData knows (odata/filters.py). `service`: the
    path to log on with where the settings use none yet; None: they have to name one.
    """

    title: str
    remedies: Remedies
    service: str | None = None
    csrf: CsrfMode = "auto"
    client: bool = True
    standard_apis: bool = False
    json_parameter: bool = False
    simple_filters: bool = False


_GATEWAY = Remedies(
    logon="check user, password and client in the secret and in the settings, and in SAP whether "
    "the user is locked (SU01)",
    authorisation="transaction SU53 shows the missing authorisation; an OData service needs "
    "S_SERVICE in a role of the user (PFCG)",
    service="check its path, then activate it in transaction /IWFND/MAINT_SERVICE (OData V4: "
    "/IWFND/V4_ADMIN) and its node in SICF",
)
_CLOUD = Remedies(
    logon="check user and password in the secret; a communication user is locked after three "
    "wrong passwords (KBA 2806979) and unlocked in the app Maintain Communication Users",
    authorisation="in the app Communication Arrangements the user must be the inbound user of an "
    "arrangement whose scenario (SAP_COM_...) holds the service; PFCG roles have no say here",
    service="check its path, then create the communication arrangement of a scenario "
    "(SAP_COM_...) that holds it: the arrangement activates its services",
)
_TECHNICAL = Remedies(
    logon="check user and password, or the certificate, in the secret: they are those of "
    "the communication arrangement, 'Edit Credentials' under Inbound Communication",
    authorisation="the service must be enabled in the communication arrangement 'OData Services "
    "for Business Objects', and needs a work centre view at its header (OData Service Explorer)",
    service="check its path in the OData Service Explorer, then enable it in the communication "
    "arrangement 'OData Services for Business Objects'",
)
_SUCCESSFACTORS = Remedies(
    logon="the user is written as user@company; check it and its password in the secret, and the "
    "API login exceptions and IP restrictions in the Admin Center",
    authorisation="in Manage Permission Roles the user's role needs 'OData API' under Manage "
    "Integration Tools, and the entity's own permission",
    service="check its path, /odata/v2, and in the Admin Center that the OData API is enabled",
)

PROFILES: dict[ProfileName, Profile] = {
    "s4hana": Profile(
        title="S/4HANA on premise or RISE, its own Gateway",
        remedies=_GATEWAY,
        service="/sap/opu/odata/sap/API_SALES_ORDER_SRV",
        standard_apis=True,
    ),
    "s4hana-cloud": Profile(
        title="S/4HANA Cloud, communication users",
        remedies=_CLOUD,
        service="/sap/opu/odata/sap/API_SALES_ORDER_SRV",
        client=False,
        standard_apis=True,
    ),
    "ecc": Profile(
        title="ECC behind a SAP Gateway",
        remedies=_GATEWAY,
        service="/sap/opu/odata/iwfnd/catalogservice;v=2",
    ),
    "c4c": Profile(
        title="Sales and Service Cloud, technical user",
        remedies=_TECHNICAL,
        service="/sap/c4c/odata/v1/odataservicecatalog",
        csrf="never",
        client=False,
        json_parameter=True,
        simple_filters=True,
    ),
    "byd": Profile(
        title="Business ByDesign, technical user",
        remedies=_TECHNICAL,
        csrf="never",
        client=False,
        json_parameter=True,
        simple_filters=True,
    ),
    "successfactors": Profile(
        title="SuccessFactors, OData API",
        remedies=_SUCCESSFACTORS,
        service="/odata/v2",
        csrf="never",
        client=False,
        json_parameter=True,
    ),
}
