"""Settings that would open a door are refused when a process starts."""

import pytest
from pydantic import ValidationError

from services.kernel.settings import Settings


@pytest.mark.parametrize("given", ["", "10.0.0.1", "10.0.0.0/8, 192.168.1.7", "::1"])
def test_trusted_proxies_are_addresses_or_networks(given: str) -> None:
    """By comma; none by default."""
    assert Settings(trusted_proxies=given).trusted_proxies == given


@pytest.mark.parametrize("given", ["*", "proxy.example", "10.0.0.0/8,*"])
def test_nobody_is_everybodys_proxy(given: str) -> None:
    """Or whoever asks could say that they ask from anywhere."""
    with pytest.raises(ValidationError):
        Settings(trusted_proxies=given)
