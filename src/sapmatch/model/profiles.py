"""Kinds of SAP systems, and what each is known to do."""

from typing import Literal, TypeAlias

from msgspec import Struct

CsrfMode: TypeAlias = Literal["auto", "always", "never"]
ProfileName: TypeAlias = Literal["s4hana", "s4hana-cloud", "ecc", "c4c", "byd", "successfactors"]


class Profile(Struct, frozen=True, kw_only=True):
    """What one kind of system does; `client` says whether it has clients to choose from."""

    title: str
    csrf: CsrfMode = "auto"
    client: bool = True


PROFILES: dict[ProfileName, Profile] = {
    "s4hana": Profile(title="S/4HANA on premise or RISE, its own Gateway"),
    "s4hana-cloud": Profile(title="S/4HANA Cloud, communication users", client=False),
    "ecc": Profile(title="ECC behind a SAP Gateway"),
    "c4c": Profile(title="Sales and Service Cloud, technical user", csrf="never", client=False),
    "byd": Profile(title="Business ByDesign, technical user", csrf="never", client=False),
    "successfactors": Profile(title="SuccessFactors, OData API", csrf="never", client=False),
}
