"""Texts that send a reader elsewhere: HLS, DASH, and every list and manifest a demuxer may know.

Each function gives name -> content, aimed at a `Canary`.
"""

from __future__ import annotations

from tests.media.samples.canary import Canary

Texts = dict[str, str | bytes]


def _playlist(target: str, *, tags: str = "", end: bool = True) -> str:
    head = f"#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n{tags}"
    return f"{head}#EXTINF:2.0,\n{target}\n" + ("#EXT-X-ENDLIST\n" if end else "")


def hls(canary: Canary) -> Texts:
    """HLS playlists (RFC 8216) to files and addresses, by every tag that takes a URI."""
    stream, key = canary.path("canary.ts"), canary.path("canary.key")
    at_file, at_http = f"file:{stream}", canary.url("canary.ts")
    key_tag = '#EXT-X-KEY:METHOD=AES-128,URI="{}",IV=0x00000000000000000000000000000000\n'
    map_tag = '#EXT-X-MAP:URI="{}"\n'
    variant = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\n{}\n"
    audio = (
        '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",DEFAULT=YES,URI="{0}"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=1000,AUDIO="a"\n{0}\n'
    )
    return {
        "hls_file": _playlist(at_file),
        "hls_bare_path": _playlist(str(stream)),
        "hls_http": _playlist(at_http),
        "hls_live": _playlist(at_http, end=False),  # a reader waits for its next version, for ever
        "hls_variant_file": variant.format(at_file),
        "hls_variant_http": variant.format(canary.url("variant.m3u8")),
        "hls_audio": audio.format(at_http),
        "hls_key_file": _playlist(at_file, tags=key_tag.format(f"file:{key}")),
        "hls_key_http": _playlist(at_file, tags=key_tag.format(canary.url("key"))),
        "hls_map_file": _playlist(at_file, tags=map_tag.format(at_file)),
        "hls_map_http": _playlist(at_http, tags=map_tag.format(canary.url("init.mp4"))),
        "hls_range": _playlist(at_file, tags="#EXT-X-BYTERANGE:4096@0\n"),
        "hls_concat": _playlist(f"concat:{stream}|{stream}"),
        "hls_subfile": _playlist(f"subfile,,start,0,end,9999,,:{stream}"),
        "hls_crypto": _playlist(f"crypto:{stream}"),
        "hls_data": _playlist("data:text/plain;base64,I0VYVE0zVQo="),
        "hls_gopher": _playlist(canary.url("x", "gopher")),
        "hls_tcp": _playlist(f"tcp://127.0.0.1:{canary.port}"),
        "hls_udp": _playlist(f"udp://127.0.0.1:{canary.port}"),
        "hls_parents": _playlist("../../../../../../etc/passwd.ts"),
        "m3u": f"#EXTM3U\n{at_http}\n",
    }


def hls_in_disguise(canary: Canary) -> Texts:
    """The first of `hls`, with something before or after it."""
    plain = _playlist(f"file:{canary.path('canary.ts')}")
    id3 = b"ID3\x04\x00\x00\x00\x00\x00\x0aTIT2\x00\x00\x00\x00\x00\x00"
    return {
        "hls_crlf": plain.replace("\n", "\r\n"),
        "hls_id3": id3 + plain.encode(),  # ffmpeg skips such a tag before it guesses
        "hls_bom": b"\xef\xbb\xbf" + plain.encode(),
        "hls_blank_first": "\n \n" + plain,
        "hls_comment_first": "# hello\n" + plain,
        "hls_utf16": plain.encode("utf-16"),
        "hls_junk_first": b"\x00\xff\x10junk\n" + plain.encode(),
        "hls_then_media": plain.encode() + canary.stream,
    }


def manifests(canary: Canary) -> Texts:
    """DASH (ISO/IEC 23009-1) and other XML."""
    stream, at_http = canary.path("canary.mp4"), canary.url("canary.mp4")
    mpd = (
        '<?xml version="1.0"?>\n{doctype}<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'profiles="urn:mpeg:dash:profile:isoff-on-demand:2011" mediaPresentationDuration="PT2S">\n'
        '<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1000">{body}'
        "</Representation></AdaptationSet></Period></MPD>\n"
    )
    base = "<BaseURL>{}</BaseURL>"
    template = '<SegmentTemplate media="{0}" initialization="{0}" duration="2" startNumber="1"/>'
    entity = f'<!DOCTYPE MPD [<!ENTITY x SYSTEM "file:{canary.path("canary.txt")}">]>\n'
    laughs = '<!DOCTYPE MPD [<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">'
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        f'<image xlink:href="{at_http}"/><image xlink:href="file:{stream}"/></svg>'
    )
    imf = '<CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"><Id>urn:uuid:0</Id>'
    return {
        "dash_file": mpd.format(doctype="", body=base.format(f"file:{stream}")),
        "dash_http": mpd.format(doctype="", body=base.format(at_http)),
        "dash_template": mpd.format(doctype="", body=template.format(at_http)),
        "dash_entity": mpd.format(doctype=entity, body=base.format("&x;")),
        "dash_laughs": mpd.format(doctype=laughs + "]>\n", body=base.format("&i;")),  # 100 MB of "ha"
        "svg": svg,
        "svg_xml": '<?xml version="1.0"?>\n' + svg,
        "smooth": f'<SmoothStreamingMedia><StreamIndex Url="{at_http}"/></SmoothStreamingMedia>',
        "smil": f'<smil><body><video src="{at_http}"/></body></smil>',
        "imf": f'<?xml version="1.0"?>{imf}</CompositionPlaylist>',
        "asx": f'<asx version="3.0"><entry><ref href="{at_http}"/></entry></asx>',
    }


def lists(canary: Canary) -> Texts:
    """Lists of files and addresses that are neither."""
    stream, at_http = canary.path("canary.ts"), canary.url("canary.ts")
    sdp = (
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        f"m=video {canary.port - canary.port % 2} RTP/AVP 96\na=rtpmap:96 H264/90000\n"
    )
    return {
        "concat_file": f"ffconcat version 1.0\nfile '{stream}'\n",
        "concat_http": f"ffconcat version 1.0\nfile '{at_http}'\n",
        "concat_relative": "ffconcat version 1.0\nfile canary.ts\n",
        "concat_options": f"ffconcat version 1.0\nfile '{stream}'\noption safe 0\n",
        "concat_bare": f"file '{stream}'\n",
        "sdp": sdp,  # makes its reader listen on the network
        "sdp_crlf": sdp.replace("\n", "\r\n"),
        "pls": f"[playlist]\nFile1={at_http}\nNumberOfEntries=1\n",
        "asf_reference": f"[Reference]\nRef1={at_http}\n",
        "ram": f"{at_http}\n",
        "rtsp_text": f"RTSPtext\n{canary.url('x', 'rtsp')}\n",
        "vobsub": "# VobSub index file, v7 (do not modify this line!)\n",  # opens the .sub beside it
    }


LIVE = frozenset(
    {
        *("hls_file", "hls_bare_path", "hls_http", "hls_live", "hls_variant_file", "hls_variant_http"),
        *("hls_audio", "hls_key_file", "hls_key_http", "hls_map_file", "hls_map_http", "hls_range"),
        *("hls_crlf", "hls_id3", "hls_then_media"),
        *("dash_file", "dash_http", "dash_template", "concat_file", "concat_http", "concat_options"),
    }
)
"""Those that reach the canary with an ffmpeg 5.1 that allows every protocol and name."""

NOT_ALWAYS_SEEN = frozenset(
    {
        *("hls_comment_first", "hls_junk_first", "svg", "svg_xml", "smooth", "smil", "imf", "asx"),
        *("concat_bare", "pls", "asf_reference", "ram", "rtsp_text", "vobsub"),
    }
)
"""Those for which `not_a_video` is as good an answer: nothing in them is known to ffmpeg as a reference."""
