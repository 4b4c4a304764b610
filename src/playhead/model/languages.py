"""Languages as files name them (ISO 639-2) and as players want them (RFC 5646), with a name for the menu."""

from __future__ import annotations

import re

UNKNOWN = "und"

_TAG = re.compile(r"[a-z]{2,3}")
_KNOWN = {
    "ara": ("ar", "العربية"),
    "ben": ("bn", "বাংলা"),
    "bul": ("bg", "Български"),
    "cat": ("ca", "Català"),
    "ces": ("cs", "Čeština"),
    "cym": ("cy", "Cymraeg"),
    "dan": ("da", "Dansk"),
    "deu": ("de", "Deutsch"),
    "ell": ("el", "Ελληνικά"),
    "eng": ("en", "English"),
    "est": ("et", "Eesti"),
    "eus": ("eu", "Euskara"),
    "fas": ("fa", "فارسی"),
    "fin": ("fi", "Suomi"),
    "fra": ("fr", "Français"),
    "gle": ("ga", "Gaeilge"),
    "glg": ("gl", "Galego"),
    "heb": ("he", "עברית"),
    "hin": ("hi", "हिन्दी"),
    "hrv": ("hr", "Hrvatski"),
    "hun": ("hu", "Magyar"),
    "ind": ("id", "Bahasa Indonesia"),
    "isl": ("is", "Íslenska"),
    "ita": ("it", "Italiano"),
    "jpn": ("ja", "日本語"),
    "kor": ("ko", "한국어"),
    "lav": ("lv", "Latviešu"),
    "lit": ("lt", "Lietuvių"),
    "msa": ("ms", "Bahasa Melayu"),
    "nld": ("nl", "Nederlands"),
    "nor": ("no", "Norsk"),
    "pol": ("pl", "Polski"),
    "por": ("pt", "Português"),
    "ron": ("ro", "Română"),
    "rus": ("ru", "Русский"),
    "slk": ("sk", "Slovenčina"),
    "slv": ("sl", "Slovenščina"),
    "spa": ("es", "Español"),
    "srp": ("sr", "Српски"),
    "swa": ("sw", "Kiswahili"),
    "swe": ("sv", "Svenska"),
    "tam": ("ta", "தமிழ்"),
    "tel": ("te", "తెలుగు"),
    "tha": ("th", "ไทย"),
    "tur": ("tr", "Türkçe"),
    "ukr": ("uk", "Українська"),
    "urd": ("ur", "اردو"),
    "vie": ("vi", "Tiếng Việt"),
    "zho": ("zh", "中文"),
}
_BIBLIOGRAPHIC = {
    "alb": "sqi",
    "baq": "eus",
    "chi": "zho",
    "cze": "ces",
    "dut": "nld",
    "fre": "fra",
    "ger": "deu",
    "gre": "ell",
    "ice": "isl",
    "may": "msa",
    "per": "fas",
    "rum": "ron",
    "slo": "slk",
    "wel": "cym",
}
"""ISO 639-2/B → /T: both are found in files."""


def tag(code: str) -> str:
    """The shortest RFC 5646 tag of a language code, or `und` for what is none."""
    plain = _BIBLIOGRAPHIC.get(code, code)
    known = _KNOWN.get(plain)
    if known is not None:
        return known[0]
    return plain if _TAG.fullmatch(plain) else UNKNOWN


def title(code: str) -> str:
    """What a menu calls it, in that language itself."""
    known = _KNOWN.get(_BIBLIOGRAPHIC.get(code, code))
    found = tag(code)
    return known[1] if known else "Sound" if found == UNKNOWN else found
