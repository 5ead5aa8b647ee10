"""What has to be written, stored and told somebody before a connection works; all of it text.

block: the settings; secret: what its secret holds; checklist: what SAP, BTP and AWS have to know
"""
