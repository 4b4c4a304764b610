"""Benchmarks: each row measures Playhead and a named reference in the same run, turn by turn.

`python -m bench [--only NAME] [--quick]` prints one table and writes `bench/results/<time>.json`;
docs/benchmarks.md says how to read it. A row is a function of a `rows_*.py` file here.
"""
