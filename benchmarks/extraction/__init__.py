"""What `sapmatch extract` costs: rows, memory, growth, and what several readers at once bring."""
