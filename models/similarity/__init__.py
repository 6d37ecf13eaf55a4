"""How alike the rows of a matrix are."""
