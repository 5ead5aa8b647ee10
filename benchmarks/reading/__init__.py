"""How well documents are read: every invoice of the test data against its ground truth."""
