"""What becomes of a transaction that the database cannot carry out now."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from playhead.model.errors import PlayheadError
from tests.records.conftest import Shop


@pytest.mark.parametrize("state", ["53100", "53200", "57P01", "08006"])
async def test_what_may_pass_is_no_fault_of_ours(shop: Shop, state: str) -> None:
    """The disk is full, the memory is, it goes down, the connection fails: a step does not count it as an attempt."""
    raised = f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$"
    with pytest.raises(PlayheadError) as caught:
        async with shop.records.transaction() as tx:
            await tx.connection.execute(text(raised))
    assert caught.value.code == "database_unavailable"
