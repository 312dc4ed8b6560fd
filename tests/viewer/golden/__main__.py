"""`python -m tests.viewer.golden`."""

from tests.viewer.golden import main

main()
