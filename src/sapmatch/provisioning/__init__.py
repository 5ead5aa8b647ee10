"""Desired users and roles of SAP: what differs, what is changed, whether it arrived."""
