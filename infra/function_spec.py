"""What one function needs: the form of the table in functions.py."""

from dataclasses import dataclass

from infra.grants import Grant


@dataclass(frozen=True)
class FunctionSpec:
    """One function; memory and disk (/tmp) in MB, time-out in seconds.

    Only a function that calls SAP stands in the network. `own_machine` is granted about a machine,
    and so is made after it: machines call functions.
    """

    purpose: str
    grants: tuple[Grant, ...]
    memory: int = 512
    disk: int = 512
    timeout: int = 60
    layers: tuple[str, ...] = ("base",)
    calls_sap: bool = False
    own_machine: tuple[Grant, ...] = ()

    @property
    def all_layers(self) -> tuple[str, ...]:
        """Who calls SAP shows certificates or signs, where the connections ask for it."""
        return (*self.layers, "identity") if self.calls_sap else self.layers
