"""Why a data set cannot be used."""


class DataSetError(ValueError):
    """A data set lacks a file, a column or rows, or cannot be read.

    The text is one line that names the file and, where one is at fault, the column.
    """


class TooFewInteractionsError(DataSetError):
    """A data set cannot be split: nothing would be left to train on, to validate on or to test on."""
