"""The records: one transaction over videos, uploads, renditions, pieces, events and jobs.

Stations of the river never call each other; they change rows here and enqueue the next job in the same
transaction. `Records.transaction()` is the only way in.
"""
