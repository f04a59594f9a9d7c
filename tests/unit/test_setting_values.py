"""Values of settings: lists, addresses and algorithms."""

import pytest
from pydantic import SecretStr

from service.setting_values import read_algorithms, read_bearer_secret, read_jwks_url, read_origins, read_tags


def test_origins_are_a_list_without_spaces_or_closing_slashes() -> None:
    assert read_origins(" https://a.example/, http://localhost:3000") == {"https://a.example", "http://localhost:3000"}


@pytest.mark.parametrize(
    ("text", "tags"),
    [("think", ("think",)), (" Think, my-tag,a_1 ", ("think", "my-tag", "a_1")), ("none", ()), ("NONE", ())],
)
def test_tags_are_names_in_lower_case(text: str, tags: tuple[str, ...]) -> None:
    assert read_tags(text) == tags


@pytest.mark.parametrize("text", ["", "think,", "<think>", "think/", "1st", "a b", "tag" * 20])
def test_what_is_no_name_of_a_tag_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_tags(text)


@pytest.mark.parametrize(
    ("text", "algorithms"),
    [("", ()), ("RS256", ("RS256",)), (" ES256, EdDSA,", ("ES256", "EdDSA")), ("HS256,HS512", ("HS256", "HS512"))],
)
def test_algorithms_are_names_of_one_kind(text: str, algorithms: tuple[str, ...]) -> None:
    assert read_algorithms(text) == algorithms


@pytest.mark.parametrize("text", ["none", "RS256,none", "HS256,RS256", "EdDSA,HS512", "rs256", "RS1", "ES256K", "*"])
def test_none_unknown_algorithms_and_a_mixture_with_secrets_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_algorithms(text)


@pytest.mark.parametrize(
    "text",
    ["", "https://issuer.example/keys?v=1", "https://issuer.example:8443", "http://127.0.0.1:9/k", "http://[::1]/k"],
)
def test_an_address_of_keys_has_tls_or_is_of_this_machine(text: str) -> None:
    read_jwks_url(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://issuer.example/keys",
        "http://127.0.0.1.issuer.example/keys",
        "http://localhost.example/keys",
        "file:///keys.json",
        "https:///keys",
        "https://user:secret@issuer.example/keys",
        "https://issuer.example:port/keys",
        "issuer.example",
    ],
)
def test_any_other_address_of_keys_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_jwks_url(text)


@pytest.mark.parametrize("secret", [None, "0123456789abcdef", "bXkgdG9rZW4gaXMgbG9uZyBlbm91Z2g=", "a-B.c_D~e+F/g1234"])
def test_a_secret_is_what_fits_into_a_header(secret: str | None) -> None:
    read_bearer_secret(None if secret is None else SecretStr(secret))


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "0123456789abcde",
        "0123456789 abcdef",
        "0123456789abcdef\n",
        "0123456789abcdé",
        "1" * 40,
        "12345671234567123456",
        "change_me-12345678",
        "ChangeMe0123456789",
        "<0123456789abcdef>",
        "your-token-0123456",
        "secret0123456789abc",
    ],
)
def test_what_does_not_fit_or_is_certainly_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        read_bearer_secret(SecretStr(secret))
