"""Migrations: forward only, one file a version in `versions/`, run by `records.migrate`."""
