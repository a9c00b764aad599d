"""The guard's rules, a file each: a function that takes a `Reading` and yields findings."""
