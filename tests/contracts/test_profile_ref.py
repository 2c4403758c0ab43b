"""Every form that people paste, and what must never leave the parser."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.platforms import Platform
from contracts.profile_ref import InvalidReference, ProfileRef

X, INSTAGRAM = Platform.X, Platform.INSTAGRAM


@pytest.mark.parametrize(
    "text",
    [
        "https://x.com/inv_ented",
        "http://x.com/inv_ented",
        "x.com/inv_ented",
        "//x.com/inv_ented",
        "www.x.com/inv_ented/",
        "https://mobile.twitter.com/inv_ented",
        "https://m.twitter.com/inv_ented//",
        "https://twitter.com/Inv_Ented?lang=en&ref=https://example.com/",
        "HTTPS://X.COM/INV_ENTED#top",
        "https://x.com:443/inv_ented",
        "https://x.com/@inv_ented",
        "https://x.com/%40inv_ented",
        "https://x.com/inv_ented/with_replies",
        "https://x.com/inv_ented/photo",
        "https://twitter.com/#!/inv_ented",
        "  https://x.com/inv_ented\n",
        "\u200ehttps://x.com/inv_ented\u200b",
        "<https://x.com/inv_ented>",
        "(https://x.com/inv_ented).",
        '"https://x.com/inv_ented",',
        "https://x.com/intent/user?screen_name=Inv_Ented",
        "https\uff1a\uff0f\uff0fx\uff0ecom\uff0finv\uff3fented",
        "x.com/\uff20inv_ented",
        "https://twitter.com/intent/follow?original_referer=https://example.com&screen_name=@inv_ented",
    ],
)
def test_every_form_of_an_x_address_names_the_handle(text: str) -> None:
    assert ProfileRef.parse(text) == ProfileRef(X, handle="inv_ented")


@pytest.mark.parametrize(
    "text",
    [
        "https://www.instagram.com/in.vented/",
        "instagram.com/in.vented",
        "https://m.instagram.com/In.Vented?igsh=abc123==",
        "https://instagram.com/in.vented/reels/",
        "https://www.instagram.com/in.vented/tagged/",
        "https://instagram.com/_u/in.vented",
        "https://instagr.am/in.vented",
        "http://www.instagr.am/in.vented/",
    ],
)
def test_every_form_of_an_instagram_address_names_the_handle(text: str) -> None:
    assert ProfileRef.parse(text) == ProfileRef(INSTAGRAM, handle="in.vented")


@pytest.mark.parametrize(
    "text", ["@In_Vented", "in_vented", "IN_VENTED", "\uff20in_vented", "\ufe6bin\uff3fvented", "\u3000@in_vented"]
)
@pytest.mark.parametrize("platform", list(Platform))
def test_a_bare_handle_belongs_to_the_chosen_platform(text: str, platform: Platform) -> None:
    assert ProfileRef.parse(text, platform) == ProfileRef(platform, handle="in_vented")


def test_a_dotted_handle_is_a_handle_where_instagram_was_chosen() -> None:
    assert ProfileRef.parse("in.vented", INSTAGRAM).handle == "in.vented"


def test_an_address_wins_over_the_chosen_platform() -> None:
    assert ProfileRef.parse("instagram.com/in.vented", X).platform is INSTAGRAM


def test_a_bare_number_is_an_id_and_behind_an_at_sign_a_handle() -> None:
    assert ProfileRef.parse("12345", X) == ProfileRef(X, id="12345")
    assert ProfileRef.parse("@12345", X) == ProfileRef(X, handle="12345")
    assert ProfileRef.parse("\uff11\uff12\uff13\uff14\uff15", X) == ProfileRef(X, id="12345")


def test_the_id_address_of_x_names_the_id() -> None:
    assert ProfileRef.parse("https://x.com/i/user/12345") == ProfileRef(X, id="12345")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Nothing was given"),
        ("   ", "Nothing was given"),
        ("@in_vented", "Choose the platform"),
        ("12345", "Choose the platform"),
        ("https://x.com", "front page"),
        ("x.com/", "front page"),
        ("https://x.com/in_vented/status/123", "address of a post"),
        ("https://twitter.com/i/status/123", "address of a post"),
        ("https://www.instagram.com/p/Cabc/", "address of a post"),
        ("https://www.instagram.com/reel/Cabc/", "address of a post"),
        ("https://www.instagram.com/in.vented/reel/Cabc/", "address of a post"),
        ("https://www.instagram.com/stories/in.vented/123/", "address of a post"),
        ("https://x.com/home", "page of X itself"),
        ("https://x.com/i/lists/1", "page of X itself"),
        ("https://www.instagram.com/explore/", "page of Instagram itself"),
        ("https://x.com/in_vented/nonsense", "goes on behind the handle"),
        ("https://x.com/sixteen_letters_", "1 to 15 letters"),
        ("https://x.com/in.vented", "1 to 15 letters"),
        ("https://instagram.com/in..vented", "no two dots"),
        ("https://instagram.com/.invented", "no dot at either end"),
        ("https://x.com/\u0430nvented", "only look like a to z"),
        ("https://x.com/\uff49nvented", "only look like a to z"),
        ("https://x.com/in_vented%00", "1 to 15 letters"),
        ("https://x.com/..%2fadmin", "1 to 15 letters"),
        ("https://\uff58.com/in_vented", "not on x.com"),
        ("https://example.com/in_vented", "not on x.com"),
        ("https://x.com.example.com/in_vented", "not on x.com"),
        ("https://x.com@example.com/in_vented", "not on x.com"),
        ("https://user:secret@x.com/in_vented", "not on x.com"),
        ("https://x.com:8443/in_vented", "not on x.com"),
        ("https://[x.com/in_vented", "not a readable address"),
        ("https://x.com:port/in_vented", "not a readable address"),
        ("ftp://x.com/in_vented", "Only http and https"),
        ("javascript:alert(1)//x.com/in_vented", "Only http and https"),
        ("https://x.com/in vented", "no blanks"),
        ("https://x.com/in\u202evented", "no blanks or control characters"),
        ("https://x.com/" + "a" * 3000, "longer than 2048"),
        ("https://instagr.am/p/Cabc/", "address of a post"),
        ("1.23457E+17", "spreadsheet has rounded"),
        ("1,23457E+17", "spreadsheet has rounded"),
        ("1E+18", "spreadsheet has rounded"),
        ("@1.2e+17", "spreadsheet has rounded"),
    ],
)
def test_what_names_no_profile_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidReference, match=reason):
        ProfileRef.parse(text)


@pytest.mark.parametrize("text", ["99999999999999999999", "0", "-1"])
def test_a_number_that_is_no_id_is_not_taken_for_one(text: str) -> None:
    with contextlib.suppress(InvalidReference):
        assert ProfileRef.parse(text, X).id is None


def test_a_host_name_alone_is_no_handle() -> None:
    with pytest.raises(InvalidReference, match="front page"):
        ProfileRef.parse("x.com", INSTAGRAM)


@given(st.text(max_size=60), st.sampled_from([None, *Platform]))
@example("//[", None)
@example("https://x.com/\u017f", None)
@example("https://\u2100x.com/a", None)
def test_nothing_but_a_handle_or_an_id_leaves_the_parser(text: str, platform: Platform | None) -> None:
    try:
        ref = ProfileRef.parse(text, platform)
    except InvalidReference:
        return
    name = ref.handle or ref.id or ""
    assert name.isascii()
    assert ref.platform.is_handle(name) or name.isdecimal()
    assert name == name.lower()
    assert ProfileRef.parse(ref.url) == ref if ref.handle else ref.id == name


@given(
    st.sampled_from(["https://x.com/", "twitter.com/", "https://www.instagram.com/", "https://x.com/i/user/"]),
    st.text(max_size=40),
)
def test_a_valid_address_with_anything_behind_it_never_leaks_into_another_host(front: str, tail: str) -> None:
    try:
        ref = ProfileRef.parse(front + tail)
    except InvalidReference:
        return
    assert ref.url.startswith(("https://x.com/", "https://www.instagram.com/"))


@pytest.mark.parametrize(
    ("handle", "account_id"), [(None, None), ("both", "1"), ("Upper", None), ("sl/ash", None), (None, "007")]
)
def test_a_reference_cannot_be_built_from_anything_else(handle: str | None, account_id: str | None) -> None:
    with pytest.raises(InvalidReference):
        ProfileRef(X, handle=handle, id=account_id)


def test_equal_references_have_equal_keys_and_a_handle_is_never_taken_for_an_id() -> None:
    assert ProfileRef(X, handle="123").key != ProfileRef(X, id="123").key
    assert ProfileRef(X, handle="abc").key != ProfileRef(INSTAGRAM, handle="abc").key


def test_a_button_names_an_id_or_nothing() -> None:
    assert ProfileRef.parse("https://x.com/intent/user?user_id=4211") == ProfileRef(X, id="4211")
    for text in (
        "https://x.com/intent/user",
        "https://x.com/intent/user?user_id=-1",
        "https://x.com/intent/post?text=a",
    ):
        with pytest.raises(InvalidReference):
            ProfileRef.parse(text)
