"""Tokens: what we sign opens, and nothing else does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as some

from playhead.model.errors import PlayheadError
from playhead.model.signing import MAX_EXPIRY, Purpose, Signer

OLD, NEW, STRANGER = "o" * 32, "n" * 32, "s" * 32
NOW = 1_800_000_000
LATER = NOW + 3600
VIDEO = "7b0e3a4c-0000-4000-8000-000000000001"
ALPHABET = string.ascii_letters + string.digits + "-_."


def _refusal(signer: Signer, purpose: Purpose, subject: str, token: str, now: int = NOW) -> str:
    """The code of the error, or `accepted`."""
    try:
        signer.verify(purpose, subject, token, now)
    except PlayheadError as error:
        return error.code
    return "accepted"


def test_a_token_opens_what_it_was_made_for() -> None:
    signer = Signer([NEW])
    assert signer.verify("playback", VIDEO, signer.sign("playback", VIDEO, LATER), NOW) == LATER


def test_a_token_can_stand_in_a_path() -> None:
    assert set(Signer([NEW]).sign("upload", VIDEO, LATER)) <= set(ALPHABET)


def test_a_token_is_worth_nothing_for_another_purpose_or_subject() -> None:
    signer = Signer([NEW])
    token = signer.sign("upload", VIDEO, LATER)
    assert _refusal(signer, "playback", VIDEO, token) == "url_invalid"
    assert _refusal(signer, "upload", VIDEO[:-1] + "2", token) == "url_invalid"
    assert _refusal(signer, "upload", VIDEO.upper(), token) == "url_invalid"
    assert _refusal(signer, "upload", "", token) == "url_invalid"


@pytest.mark.parametrize(
    ("now", "outcome"),
    [
        (0, "accepted"),
        (LATER - 3600, "accepted"),
        (LATER - 1, "accepted"),
        (LATER, "url_expired"),
        (LATER + 1, "url_expired"),
        (LATER + 10**9, "url_expired"),
    ],
)
def test_expiry_is_exact_to_the_second(now: int, outcome: str) -> None:
    signer = Signer([NEW])
    assert _refusal(signer, "playback", VIDEO, signer.sign("playback", VIDEO, LATER), now) == outcome


def test_a_forged_token_that_is_over_is_invalid_not_expired() -> None:
    signer = Signer([NEW])
    token = Signer([STRANGER]).sign("playback", VIDEO, NOW - 1)
    assert _refusal(signer, "playback", VIDEO, token) == "url_invalid"


def test_rotation() -> None:
    before = Signer([OLD]).sign("playback", VIDEO, LATER)
    during = Signer([NEW, OLD])
    assert _refusal(during, "playback", VIDEO, before) == "accepted"
    fresh = during.sign("playback", VIDEO, LATER)
    after = Signer([NEW])
    assert _refusal(after, "playback", VIDEO, fresh) == "accepted"
    assert _refusal(after, "playback", VIDEO, before) == "url_invalid"
    assert _refusal(Signer([OLD]), "playback", VIDEO, fresh) == "url_invalid"


def test_a_strangers_mac_under_our_key_name_is_refused() -> None:
    ours = Signer([NEW]).sign("playback", VIDEO, LATER)
    theirs = Signer([STRANGER]).sign("playback", VIDEO, LATER)
    mixed = f"{ours.split('.')[0]}.{theirs.split('.', 1)[1]}"
    assert _refusal(Signer([NEW, STRANGER]), "playback", VIDEO, mixed) == "url_invalid"


def test_every_truncation_is_refused() -> None:
    signer = Signer([NEW])
    token = signer.sign("playback", VIDEO, LATER)
    for length in range(len(token)):
        assert _refusal(signer, "playback", VIDEO, token[:length]) == "url_invalid"
        assert _refusal(signer, "playback", VIDEO, token[length + 1 :]) == "url_invalid"


def test_another_spelling_of_the_same_mac_is_refused() -> None:
    """43 base64 characters hold two bits more than 32 bytes do; decoders ignore them, we do not."""
    signer = Signer([NEW])
    token = signer.sign("playback", VIDEO, LATER)
    mac = token.rsplit(".", 1)[1]
    last = (string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_").index(mac[-1])
    twins = [
        token[:-1] + (string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_")[last ^ bits]
        for bits in (1, 2, 3)
    ]
    for twin in twins:
        assert base64.urlsafe_b64decode(twin.rsplit(".", 1)[1] + "=") == base64.urlsafe_b64decode(mac + "=")
        assert _refusal(signer, "playback", VIDEO, twin) == "url_invalid"


@pytest.mark.parametrize("change", ["+", "-", "0", "٣", " ", "\n", "_", "1_"])
def test_another_spelling_of_the_same_expiry_is_refused(change: str) -> None:
    signer = Signer([NEW])
    kid, expiry, mac = signer.sign("playback", VIDEO, 3).split(".")
    spelled = "٣" if change == "٣" else change + expiry
    assert _refusal(signer, "playback", VIDEO, f"{kid}.{spelled}.{mac}") == "url_invalid"


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "none",
        "a.b.c",
        "%00",
        "../../x",
        "\ud800",
        "~",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
        "a" * 100_000,
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    assert _refusal(Signer([NEW]), "playback", VIDEO, token) == "url_invalid"


def test_the_mac_is_hmac_sha256_of_the_documented_claim() -> None:
    """Fixes the format: a deployment may not lose its URLs by an update."""
    kid, expiry, mac = Signer([NEW]).sign("playback", VIDEO, LATER).split(".")
    claim = f"playhead capability 1\0playback\0{LATER}\0{VIDEO}".encode()
    expected = hmac.new(NEW.encode(), claim, hashlib.sha256).digest()
    assert base64.urlsafe_b64encode(expected).rstrip(b"=").decode() == mac
    assert (kid, expiry) == (Signer([NEW, OLD]).sign("upload", "x", 1).split(".")[0], str(LATER))
    assert NEW not in kid


def test_a_hundred_thousand_forgeries() -> None:
    """Seeded changes of real tokens: characters replaced, dropped, added, borrowed from each other."""
    chance = random.Random(20_261_101)
    signer = Signer([NEW, OLD])
    real = [signer.sign("playback", f"video-{number}", LATER + number) for number in range(50)]
    tried = 0
    while tried < 100_000:
        number = chance.randrange(len(real))
        token = real[number]
        at = chance.randrange(len(token))
        match chance.randrange(6):
            case 0:
                forged = token[:at] + chance.choice(ALPHABET) + token[at + 1 :]
            case 1:
                forged = token[:at] + token[at + 1 :]
            case 2:
                forged = token[:at] + chance.choice(ALPHABET) + token[at:]
            case 3:
                other = chance.choice(real)
                forged = token[:at] + other[at:]
            case 4:
                kid, expiry, mac = token.split(".")
                forged = f"{kid}.{int(expiry) + chance.randrange(-10_000, 10**9)}.{mac}"
            case _:
                kid, expiry, _ = token.split(".")
                forged = f"{kid}.{expiry}.{''.join(chance.choices(ALPHABET[:-1], k=43))}"
        if forged in real and (forged == token or real.index(forged) == number):
            continue
        tried += 1
        assert _refusal(signer, "playback", f"video-{number}", forged) == "url_invalid", forged


@given(some.text(max_size=80), some.text(max_size=80), some.integers(1, MAX_EXPIRY))
def test_any_two_subjects_have_different_tokens(one: str, two: str, expires_at: int) -> None:
    signer = Signer([NEW])
    token = signer.sign("playback", one, expires_at)
    assert _refusal(signer, "playback", one, token, now=0) == "accepted"
    assert (_refusal(signer, "playback", two, token, now=0) == "accepted") == (one == two)


@given(some.text(max_size=120))
def test_any_text_is_answered_by_a_refusal(token: str) -> None:
    assert _refusal(Signer([NEW]), "upload", VIDEO, token) == "url_invalid"


def test_weak_or_missing_secrets_are_refused() -> None:
    for secrets in ([], [""], ["x" * 31], [NEW, "short"]):
        with pytest.raises(ValueError, match="secret"):
            Signer(secrets)


@pytest.mark.parametrize("expires_at", [0, -1, MAX_EXPIRY + 1])
def test_an_expiry_no_token_can_carry_is_refused(expires_at: int) -> None:
    with pytest.raises(ValueError, match="expire"):
        Signer([NEW]).sign("upload", VIDEO, expires_at)


def test_the_signer_does_not_show_its_secrets() -> None:
    assert NEW not in repr(Signer([NEW]))
