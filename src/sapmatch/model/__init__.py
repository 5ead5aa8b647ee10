"""The nouns of the product: values and records without any input or output."""
