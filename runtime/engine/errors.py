"""What stops the program before it plays."""

import os


class StartError(Exception):
    """The world can't be started: one sentence that says what is wrong and what to do."""

    exit_code = 1


class UnreadableSave(StartError):
    """What the world is to go on from can't be read, now or later."""

    exit_code = os.EX_DATAERR
