"""Both platforms emulated for the demo and the tests: their answers, limits and refusals, with an invented population.

Every valid handle exists. Prefixes reg_, bot_, inf_ and fake_ choose the class, suffixes _missing, _suspended and
_private the outcome.
"""
