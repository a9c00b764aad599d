"""The shop's own visits come in, and the parameters of ranking that would have served them best go out."""
