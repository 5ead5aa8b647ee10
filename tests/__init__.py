"""A package, because pyodata installs one of the same name beside our dependencies."""
