"""What stops the program before it plays."""


class StartError(Exception):
    """The world can't be started: one sentence that says what is wrong and what to do."""
