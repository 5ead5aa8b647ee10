"""Examines one connection to SAP and names what is in the way; reads only, by GET and HEAD.

examination -> network -> tls -> logon -> services -> pace, each check a function with one finding
"""

from sapmatch.sap.doctor.examination import examine
from sapmatch.sap.doctor.finding import Finding, Status
from sapmatch.sap.doctor.system import Target

__all__ = ["Finding", "Status", "Target", "examine"]
