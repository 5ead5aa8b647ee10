"""One ABAP landscape in memory: users, roles, a central user administration, tables, behind SOAP.

It plays what a client of BAPI_USER_* and of the table readers meets, and refuses what SAP refuses.
It proves nothing about authorisations, message numbers or field lists of a release: those are only
SAP's own.
"""
