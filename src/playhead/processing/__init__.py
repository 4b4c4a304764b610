"""Processing: what a worker does with a source. Planning is pure; the steps that do the work are thin."""
