"""aedile: write, prove, run and audit every strategy that decides what shoppers see."""

__version__ = "0.1.0"
