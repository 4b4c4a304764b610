"""Languages as files name them (ISO 639-2) and as players want them (RFC 5646), with a name for the menu."""

from __future__ import annotations

import re

UNKNOWN = "und"
MOST_TAG = 35
"""Characters of a tag (RFC 5646, section 4.4.1)."""

TAG = r"[a-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,6}"
"""What a tag looks like: a language, then script, region and whatever else there is of it."""

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


_BY_TAG = {known[0]: known for known in _KNOWN.values()}


def tag(code: str) -> str:
    """The shortest RFC 5646 tag of a language code, or `und` for what is none."""
    plain = _BIBLIOGRAPHIC.get(code, code)
    known = _KNOWN.get(plain)
    if known is not None:
        return known[0]
    return plain if _TAG.fullmatch(plain) else UNKNOWN


def canonical(tag: str) -> str | None:
    """The tag as it is usually spelled (RFC 5646, section 2.1.1), such as `zh-Hans-TW`; None for what is no tag."""
    first, *rest = tag.split("-")
    spelled = [first.lower()]
    for number, part in enumerate(rest):
        plain = any(len(before) == 1 for before in rest[:number]) or not part.isalpha()
        spelled.append(
            part.lower() if plain else {2: part.upper(), 4: part.title()}.get(len(part), part.lower())
        )
    made = "-".join(spelled)
    return made if len(made) <= MOST_TAG and re.fullmatch(TAG, made) else None


def primary(tag: str) -> str:
    """The tag as players are told it: without the private part that tells two tracks of one language apart."""
    return tag.partition("-x-")[0]


def title(code: str) -> str:
    """What a menu calls it, in that language itself."""
    known = _KNOWN.get(_BIBLIOGRAPHIC.get(code, code))
    found = tag(code)
    return known[1] if known else "Sound" if found == UNKNOWN else found


def named(tag: str, otherwise: str) -> str:
    """What a menu calls the language of a tag; `otherwise` for one that is not told."""
    known = _BY_TAG.get(tag.partition("-")[0])
    return known[1] if known else otherwise if primary(tag) == UNKNOWN else tag
