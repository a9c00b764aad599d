"""A file of another system's events comes in; stored events and a file of the lines that could not be used go out."""
