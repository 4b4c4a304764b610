"""Which odd and broken samples every run tries: of each kind those that differ most. `make soak` tries them all."""

from __future__ import annotations

from tests.media.samples.sample import Sample

OFTEN = frozenset(
    {
        *("fps_1", "fps_59_94", "vfr_dim_light", "one_frame_long_sound", "open_gop", "rotate_90"),
        *("mirror_rotate_270", "size_1x1", "size_32x2048", "sar_rotated", "crop_bitstream_left"),
        *("clean_aperture_turned", "size_changes", "no_audio", "sound_7_1", "sound_three_tracks"),
        *("sound_unknown", "sound_late", "sound_early", "sound_gap", "only_sound_m4a_with_cover"),
        *("h264_4_2_2_10_bit", "hevc_10_bit", "avi_mpeg4_b_frames", "wmv", "flv"),
        *("prores_4444_alpha", "mpeg_ts", "webm_recorded", "webm_vp9", "mkv", "gif", "webp_animated"),
        *("ts_twice", "edit_trimmed", "fragmented_every_frame", "ts_wrap", "negative_times"),
        *("avi_no_times", "interlaced_mpeg2"),
        *("colour_hdr10", "dolby_vision_8", "subtitles_longer", "two_pictures"),
    }
)


def is_tried_often(sample: Sample) -> bool:
    """Whether a sample is one of them; all that are broken are, for they cost little."""
    return sample.category == "broken" or sample.name in OFTEN
