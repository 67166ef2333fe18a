"""Which addresses may be reached: public ones, and of the private ones only those that the settings allow."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from kexiao.errors import InputRejected, Place, SourceUnavailable, WrongUse
from kexiao.text import Text

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_WRAPPED = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that carry an IPv4 address in their last four bytes (RFC 6052)."""


@dataclass(frozen=True, slots=True)
class Guard:
    """The private networks that may be reached, as CIDR: ``10.0.0.0/8``, ``127.0.0.1/32``."""

    private: tuple[Network, ...] = ()

    def resolve(self, host: str, port: int, *, plain: bool = False) -> list[str]:
        """The addresses of a host that may be connected to, all of them checked.

        Called when the connection is made, and the connection goes to the number given back: a name that changes its mind in between gains
        nothing. ``plain``: nothing is encrypted, so only allowed private networks will do.

        Errors: ``WrongUse`` for an address that is not allowed, ``SourceUnavailable`` for an unknown name.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise SourceUnavailable(
                Text(zh="找不到主机“{host}”。", en="The host “{host}” cannot be found.").fill(host=host),
                next_step=Text(
                    zh="请检查网络与地址，稍后重试。", en="Check the network and the address; try again later."
                ),
            ) from None
        numbers = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        for number in numbers:
            self._check(host, ipaddress.ip_address(number.split("%")[0]), plain)
        return numbers

    def _check(self, host: str, address: Address, plain: bool) -> None:
        real = unwrapped(address)
        allowed = any(real.version == network.version and real in network for network in self.private)
        if allowed or (real.is_global and not real.is_multicast and not plain):
            return
        if plain and real.is_global:
            raise WrongUse(
                Text(
                    zh="“{host}”是未加密的 http 地址，密钥会被看到，拒绝访问。",
                    en="“{host}” is a plain http address; secrets would be seen, so it was refused.",
                ).fill(host=host),
                next_step=Text(zh="请改用 https。", en="Use https."),
            )
        raise WrongUse(
            Text(
                zh="“{host}”指向内部地址，未获允许，拒绝访问。",
                en="“{host}” leads to a private address that is not allowed; it was refused.",
            ).fill(host=host),
            next_step=Text(
                zh='若确实要访问，请在 kexiao.toml 的 [egress] 中写 private = ["{net}"]。',
                en='If it is meant, write private = ["{net}"] under [egress] in kexiao.toml.',
            ).fill(net=f"{real}/{real.max_prefixlen}"),
        )


def unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, if it does.

    >>> unwrapped(ipaddress.ip_address("::ffff:10.0.0.1"))
    IPv4Address('10.0.0.1')
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return inner
        if address in _WRAPPED:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def guard_of(private: Sequence[object]) -> Guard:
    """The guard of the setting ``private``. Errors: ``InputRejected`` for what is no network, or what holds link-local addresses."""
    networks = []
    for given in private:
        try:
            network = ipaddress.ip_network(str(given))
        except ValueError:
            raise _wrong(given) from None
        if network.overlaps(_link_local(network)):
            raise _wrong(given)
        networks.append(network)
    return Guard(tuple(networks))


def _link_local(like: Network) -> Network:
    """Link-local addresses hand out the credentials of cloud machines; no setting opens them."""
    return ipaddress.ip_network("169.254.0.0/16" if like.version == 4 else "fe80::/10")


def _wrong(given: object) -> InputRejected:
    return InputRejected(
        Text(
            zh="[egress] private 中的“{given}”不是可以放行的网段。",
            en="“{given}” under [egress] private is no network that can be allowed.",
        ).fill(given=given),
        next_step=Text(zh="例如 10.20.0.0/16。", en="For example 10.20.0.0/16."),
        place=Place(file="kexiao.toml"),
    )
