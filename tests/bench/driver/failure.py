"""What ends the bench."""


class Failure(Exception):
    """Something could not start, or an answer was wrong; the text says what."""
