"""Files as people have them, read as rows with the columns of a data set."""
