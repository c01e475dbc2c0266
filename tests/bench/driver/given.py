"""What the benches are given on the command line."""

import argparse


def names(allowed):
    """A parser of comma-separated names out of `allowed`, kept in the order of `allowed`."""

    def parse(text):
        given = text.split(",")
        for name in given:
            if name not in allowed:
                raise argparse.ArgumentTypeError(
                    f"'{name}' is none of {', '.join(allowed)}")
        return [name for name in allowed if name in given]

    return parse


def count(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("a positive number is wanted")
    return number
