"""`python -m sapmatch.cli`."""

import sys

from sapmatch.cli import main

sys.exit(main())
