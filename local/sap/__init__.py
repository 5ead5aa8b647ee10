"""The embedded SAP: a small, strict Gateway that speaks OData V2 and V4, in memory.

It plays the documents that sapmatch reads and writes, and refuses what SAP refuses. It proves
nothing about message numbers, pricing or authorisations: those are only SAP's own.
"""
