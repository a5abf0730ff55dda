"""Settings, from the environment (SHENGZHI_…); none of them is a secret itself, secrets are files in a folder."""

from __future__ import annotations

import functools
from ipaddress import ip_network
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from .message.signing import FILE, Keys
from .message.suite import SUITES, Name, Suite


class Settings(BaseSettings):
    """Everything that differs from one installation to another."""

    model_config = SettingsConfigDict(env_prefix="SHENGZHI_", frozen=True)

    amqp_uri: str = "amqp://guest:guest@127.0.0.1:5672//"
    mongo_uri: str = "mongodb://127.0.0.1:27017/?replicaSet=shengzhi"
    database_prefix: str = "shengzhi"
    secrets: Path = Path(".run/secrets")
    site: str = "province"
    province: str = "示例省"
    province_short: str = "例"
    http_host: str = "127.0.0.1"
    http_port: int = 8080
    grpc_port: int = 8081
    request_rate: float = 100.0
    """So many requests a second one caller may send over REST and gRPC; those of five seconds at once."""
    sign_in_rate: float = 5.0
    """So many attempts to sign in a second from one address; those of five seconds at once."""
    trusted_proxies: str = ""
    """Addresses and networks of proxies, by comma, whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    metrics_port: int = 0
    log_level: str = "INFO"

    audit_days: int = Field(default=366, ge=184)
    """So long the access log is kept; six months is the least that is allowed (网络安全法 第二十一条)."""
    oidc_issuer: str = ""
    """The address of an OIDC provider; empty: signing in is by password alone."""
    oidc_client: str = ""
    oidc_redirect: str = ""
    """Where the provider sends people back: the platform's own address with /sign-in/oidc/return."""
    oidc_name: str = "统一身份认证"

    ciphers: Name = "international"
    """Which algorithms seal personal data, chain the journal, sign messages; what the other one did is still read."""

    transaction_seconds: float = 5.0
    """No transaction of ours commits later than this after it stamped `recorded`; the watermark rests on it."""
    relay_batch: int = 500
    relay_poll_seconds: float = 0.5
    watermark_seconds: float = 1.0
    tally_seconds: float = 3600.0
    confirm_seconds: float = 10.0
    lease_seconds: float = 15.0
    rpc_prefetch: int = 32

    @field_validator("trusted_proxies")
    @classmethod
    def only_addresses(cls, given: str) -> str:
        """Whoever is anybody's proxy may say that they are anybody."""
        for proxy in filter(None, given.split(",")):
            ip_network(proxy.strip())
        return given

    def database(self, service: str) -> str:
        """The name of a service's own database."""
        return f"{self.database_prefix}_{service}"

    @property
    def suite(self) -> Suite:
        """The algorithms chosen."""
        return SUITES[self.ciphers]

    def secret(self, name: str) -> bytes:
        """The bytes of a key file.

        Raises:
            FileNotFoundError: there is no such file; keys are never made up on the way.
        """
        return (self.secrets / name).read_bytes()


@functools.cache
def settings() -> Settings:
    """This process's settings, read once."""
    return Settings()


@functools.cache
def signing_keys() -> Keys:
    """The keys by which this process signs what it sends over the bus and checks what comes."""
    return Keys(settings().secrets / FILE, settings().suite.digest)
