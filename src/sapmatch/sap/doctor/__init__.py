"""Examines one connection to SAP and names what is in the way; reads only, by GET and HEAD.

examination names the checks in their order, each a function with one finding:
secret -> network -> tls -> tokens -> destination -> logon -> rfc -> services -> pace
"""

from sapmatch.sap.doctor.examination import examine
from sapmatch.sap.doctor.finding import Finding, Status
from sapmatch.sap.doctor.system import Entry, Target

__all__ = ["Entry", "Finding", "Status", "Target", "examine"]
