"""Playlists and manifests as texts: relative, versioned, and true."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import pytest

from playhead.delivery import names, playlists
from playhead.delivery.assembled import segment
from playhead.delivery.presentation import Presentation, present
from playhead.delivery.shelf import Shelf
from playhead.delivery.tracks import Due, Growing, Pictures, Sound
from playhead.model import languages
from playhead.model.errors import PlayheadError
from playhead.model.plan import sound_track
from playhead.storage.disk import Disk
from tests.delivery.clips import fit
from tests.delivery.test_presentation import playing
from tests.journeys.streamed import decoded
from tests.media.mp4.clips import AAC, X264, ffmpeg, picture, sound
from tests.records.conftest import example_plan

__all__ = ["fit"]

MPD = "{urn:mpeg:dash:schema:mpd:2011}"
V = "0123456789ab"


@pytest.fixture
async def shown(tmp_path: Path, fit: Path) -> Presentation:
    disk = Disk(tmp_path / "store")
    await disk.put("source", fit.read_bytes())
    found = await present(playing(fit, planned=False), None, Shelf(disk))
    assert found is not None
    return found


def attributes(text: str, tag: str) -> list[dict[str, str]]:
    lines = [line.partition(":")[2] for line in text.splitlines() if line.startswith(f"#{tag}:")]
    return [dict(re.findall(r'([A-Z-]+)=("[^"]*"|[^",]+)', line)) for line in lines]


def test_the_master_playlist(shown: Presentation) -> None:
    text = playlists.master(shown, V)
    (variant,) = attributes(text, "EXT-X-STREAM-INF")
    assert variant["RESOLUTION"] == "128x72"
    assert variant["CODECS"] == '"avc1.4d400a,mp4a.40.2"'
    assert variant["FRAME-RATE"] == "25.000"
    assert int(variant["BANDWIDTH"]) >= int(variant["AVERAGE-BANDWIDTH"]) > 0
    (heard,) = attributes(text, "EXT-X-MEDIA")
    assert (heard["CHANNELS"], heard["NAME"], heard["DEFAULT"]) == ('"1"', '"Sound"', "YES")
    assert heard["URI"] == f'"audio.m3u8?v={V}"'
    assert "LANGUAGE" not in heard
    (scrub,) = attributes(text, "EXT-X-I-FRAME-STREAM-INF")
    assert scrub["URI"] == f'"source-keyframes.m3u8?v={V}"'
    assert int(scrub["BANDWIDTH"]) < int(variant["BANDWIDTH"])
    assert f"\nsource.m3u8?v={V}\n" in text


def test_bandwidths_hold_for_every_segment(shown: Presentation) -> None:
    pictures, heard = shown.pictures[0], shown.sounds[0]
    assert isinstance(pictures, Pictures)
    (variant,) = attributes(playlists.master(shown, V), "EXT-X-STREAM-INF")
    longest = max(pictures.durations())
    for track in (pictures, heard):
        for each, length in zip(track.segments, track.durations(), strict=True):
            if length >= longest / 2:
                assert each.size * 8 / length <= int(variant["BANDWIDTH"])


def test_sound_that_is_still_to_come_is_promised(shown: Presentation) -> None:
    due = replace(shown, sounds=(), sounds_due=(Due("audio", "ger"),))
    (promised,) = attributes(playlists.master(due, V), "EXT-X-MEDIA")
    assert (promised["NAME"], promised["LANGUAGE"], promised["CHANNELS"]) == ('"Deutsch"', '"de"', '"2"')
    assert "mp4a.40.2" in attributes(playlists.master(due, V), "EXT-X-STREAM-INF")[0]["CODECS"]
    silent = playlists.master(replace(shown, sounds=()), V)
    assert "EXT-X-MEDIA:" not in silent
    assert "mp4a" not in silent


def test_sounds_have_names_of_their_own(shown: Presentation) -> None:
    told = [("audio", "eng"), ("audio-2", "eng"), ("audio-3", "und"), ("audio-4", "qaa"), ("audio-5", "ENG")]
    heard = shown.sounds[0]
    sounds = [replace(heard, name=name, language=language) for name, language in told]
    found = attributes(playlists.master(replace(shown, sounds=tuple(sounds)), V), "EXT-X-MEDIA")
    assert [each["NAME"] for each in found] == ['"English"', '"English 2"', '"Sound"', '"qaa"', '"Sound 2"']
    assert [each.get("LANGUAGE") for each in found] == ['"en"', '"en"', None, '"qaa"', None]
    assert [each["DEFAULT"] for each in found] == ["YES", "NO", "NO", "NO", "NO"]
    assert len({each["URI"] for each in found}) == 5
    manifest = ElementTree.fromstring(playlists.manifest(replace(shown, sounds=tuple(sounds)), V))
    sets = [each for each in manifest.iter(f"{MPD}AdaptationSet") if each.get("contentType") == "audio"]
    assert [each.get("lang") for each in sets] == ["en", "en", None, "qaa", None]
    roles = [role.get("value") for each in sets for role in each.iter(f"{MPD}Role")]
    assert roles == ["main", *["alternate"] * 4]


def test_a_player_starts_with_what_any_line_carries(shown: Presentation) -> None:
    pictures = shown.pictures[0]
    assert isinstance(pictures, Pictures)
    heavy = [each._replace(size=each.size * 10_000) for each in pictures.segments]
    tracks = (replace(pictures, name="4x4", segments=heavy), pictures, replace(pictures, name="2x2"))
    text = playlists.master(replace(shown, pictures=tracks), V)
    order = [line.partition(".")[0] for line in text.splitlines() if line and not line.startswith("#")]
    assert order == ["source", "4x4", "2x2"]
    none_light = playlists.master(replace(shown, pictures=tracks[:1]), V)
    assert "\n4x4.m3u8" in none_light


def test_a_track_under_way_lists_what_will_be(shown: Presentation) -> None:
    plan = example_plan(("360p",))
    track = Growing(plan.renditions[0], plan)
    text = playlists.media(track, V)
    assert text.count("#EXTINF:2.000000,") == len(plan.segments) == 5
    assert text.endswith(f"640x360-4.m4s?v={V}\n#EXT-X-ENDLIST\n")
    assert f'#EXT-X-MAP:URI="640x360-init.mp4?v={V}"' in text
    (variant,) = attributes(playlists.master(replace(shown, pictures=(track,)), V), "EXT-X-STREAM-INF")
    assert variant["RESOLUTION"] == "640x360"


def test_the_manifest_tells_every_segment(shown: Presentation) -> None:
    manifest = ElementTree.fromstring(playlists.manifest(shown, V))
    assert manifest.get("mediaPresentationDuration") == "PT11.000S"
    tracks = {"source": shown.pictures[0], "audio": shown.sounds[0]}
    for representation in manifest.iter(f"{MPD}Representation"):
        track = tracks[str(representation.get("id"))]
        template = next(representation.iter(f"{MPD}SegmentTemplate"))
        assert template.get("startNumber") == "0"
        told, at = [], 0
        for row in template.iter(f"{MPD}S"):
            at = int(row.get("t", at))
            for _ in range(1 + int(row.get("r", 0))):
                told.append((at, int(row.attrib["d"])))
                at += int(row.attrib["d"])
        assert told == [(each.start, each.duration) for each in track.segments]
        assert sum(length for _, length in told) == 11 * int(str(template.get("timescale")))


async def test_channels_are_those_of_the_decoder(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "store")
    for layout, channels in (("mono", 1), ("stereo", 2), ("5.1", 6)):
        path = tmp_path / f"{layout}.mp4"
        ffmpeg(*picture(1), *sound(1), "-af", f"aformat=channel_layouts={layout}", *X264, *AAC, path)
        await disk.put(layout, path.read_bytes())
        asked = replace(playing(path, planned=False), source_key=layout)
        found = await present(asked, None, Shelf(disk))
        assert found is not None
        (heard,) = found.sounds
        assert isinstance(heard, Sound)
        assert playlists.channels(heard.lane.entries[0]) == channels


def test_names_lead_back_to_what_they_were_made_of() -> None:
    for track in ("source", "audio", "audio-2", "audio-10", "640x360"):
        for number in (0, 7, 12_345):
            name = names.segment(track, number, V).partition("?")[0]
            assert names.parse(name) == names.Segment(track, number)
        assert names.parse(names.init(track, V).partition("?")[0]) == names.Init(track)
        assert names.parse(names.playlist(track, V).partition("?")[0]) == names.Playlist(track)
    assert names.parse("audio-2.m4s") == names.Segment("audio", 2)
    assert [sound_track(number) for number in range(3)] == ["audio", "audio-2", "audio-3"]
    assert names.parse(names.keyframe("source", 3, V).partition("?")[0]) == names.Segment("source", 3, True)
    for wrong in ("audio-1-0.m4s", "audio-02-0.m4s", "audio-100-0.m4s", "audio--0.m4s", "source-0.m4s\n"):
        with pytest.raises(PlayheadError, match="not_found"):
            names.parse(wrong)


def test_languages_are_told_as_players_want_them() -> None:
    found = {
        code: (languages.tag(code), languages.title(code)) for code in ("ger", "deu", "de", "und", "tlh")
    }
    assert found["ger"] == found["deu"] == ("de", "Deutsch")
    assert found["de"] == ("de", "de")
    assert found["und"] == ("und", "Sound")
    assert found["tlh"] == ("tlh", "tlh")
    for odd in ("", "`zz", 'e"g', "english", "e\n"):
        assert languages.tag(odd) == "und"


def test_durations_are_exact(shown: Presentation) -> None:
    lengths = shown.pictures[0].durations()
    assert sum(lengths) == 11
    assert lengths[0] == Fraction(8, 5)
    heard = shown.sounds[0]
    assert sum(heard.durations()) == 11 + Fraction(1024, 48000), "the packet that primes the decoder counts"
    # The sum of the lengths before a segment is its decode time, of sound as of pictures: players go by either.
    for track in (shown.pictures[0], heard):
        assert isinstance(track, Pictures | Sound)
        for number, each in enumerate(track.segments):
            made = asyncio.run(segment(track, track.lane, each, names.Segment(track.name, number)))
            begin = Fraction(decoded(made.head)[0], track.timescale)
            assert begin == sum(track.durations()[:number]), (track.name, number)
