"""Storage: where objects are kept. `port` is the contract, each sibling an adapter that passes its suite."""
