"""Sound tracks: which are encoded, until when."""

from __future__ import annotations

import msgspec

from playhead.model.plan import MOST_SOUNDS
from playhead.processing.planning import Servable, plan
from playhead.processing.sounds import sound_seconds
from tests.processing.sources import SOUND, source, steady


def test_every_sound_is_encoded_up_to_a_bound_unless_players_get_the_sources_own() -> None:
    timeline = steady(25, 10)
    others = tuple(
        msgspec.structs.replace(SOUND, index=2 + n, language=f"l{n}", end_seconds=float(n)) for n in range(9)
    )
    info = msgspec.structs.replace(source(), other_audio=others)
    made = plan(info, timeline, ("360p",), ()).other_sounds
    assert [(each.track, each.stream, each.language, each.seconds) for each in made] == [
        (f"audio-{2 + n}", 2 + n, f"l{n}", float(n)) for n in range(MOST_SOUNDS - 1)
    ]
    served = Servable(reasons=(), cuts=(0,), sound=True)
    assert plan(info, timeline, ("360p",), (), served).other_sounds == ()


def test_an_end_is_counted_from_the_timelines_beginning() -> None:
    timeline = steady(25, 10)
    heard = msgspec.structs.replace(SOUND, end_seconds=3.5)
    assert sound_seconds(heard, timeline) == 3.5
    assert sound_seconds(heard, timeline.from_sound(-0.5)) == 4.0
    assert sound_seconds(SOUND, timeline) is None
    assert sound_seconds(None, timeline) is None
