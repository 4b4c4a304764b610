"""Which odd and broken samples every run tries: of each kind those that differ most. `make soak` tries them all."""

from __future__ import annotations

from tests.media.samples.sample import Sample

OFTEN = frozenset(
    {
        *("fps_1", "fps_23_976", "fps_25", "fps_59_94", "vfr_dim_light", "vfr_burst", "one_frame"),
        *("one_frame_long_sound", "long_gop", "open_gop", "rotate_90", "rotate_180"),
        *("mirror_rotate_270", "size_1x1", "size_641x359", "size_32x2048", "sar_pal", "sar_rotated"),
        *("crop_bitstream_left", "clean_aperture", "clean_aperture_turned", "size_changes"),
        *("no_audio", "sound_7_1", "sound_three_tracks", "sound_unknown", "sound_longer"),
        *("sound_shorter", "sound_late", "sound_early", "sound_gap", "only_sound_wav"),
        *("only_sound_mp3", "only_sound_aac", "only_sound_m4a_with_cover", "video_with_cover"),
        *("h264_4_2_2_10_bit", "h264_full_range", "h264_rgb", "hevc_10_bit", "avi_mpeg2"),
        *("avi_mpeg4_b_frames", "avi_raw", "wmv", "ogv", "prores_4444_alpha", "dv", "flv"),
        *("real_media", "mpeg_ts", "webm_recorded", "av1_10_bit", "gif", "gif_one_frame", "apng"),
        *("webp_animated", "swf", "named_nothing", "trailing_garbage", "ts_twice", "edit_trimmed"),
        *("edit_empty_first", "fragmented_every_frame", "ts_wrap", "mkv_late_clock", "negative_times"),
        *("avi_no_times", "interlaced_mpeg2", "telecine", "no_ftyp", "colour_hdr10", "colour_hlg"),
        *("colour_bt2020_sdr", "dolby_vision_5", "dolby_vision_8", "dolby_vision_8_4_rpu"),
        *("subtitles_longer", "subtitles_pictures", "two_pictures"),
    }
)


def is_tried_often(sample: Sample) -> bool:
    """Whether a sample is one of them; all that are broken are, for they cost little."""
    return sample.category == "broken" or sample.name in OFTEN
