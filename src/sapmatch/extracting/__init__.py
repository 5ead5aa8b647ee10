"""SAP -> object store and order index: plan, chunk, finish; and one entity set into a file."""
