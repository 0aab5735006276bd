"""Small fixed computations through a target's own libraries, recorded to be compared.

A canary is one module here that has NEEDS (distributions that must be installed, all of them;
`a|b` is either),
FAMILY, IMPACTS, COVERS and `run(case, job)`; it may have `jobs(...)`. Nothing else has to know it.
"""
