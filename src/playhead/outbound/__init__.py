"""Outbound: requests to addresses that users name. Nothing else of ours speaks HTTP to a stranger."""
