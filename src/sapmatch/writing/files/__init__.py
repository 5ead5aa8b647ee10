"""Files as people and spreadsheets write them, read exactly: records, with every mistake named."""
