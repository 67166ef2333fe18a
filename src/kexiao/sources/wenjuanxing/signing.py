"""Signatures of 问卷星: of requests to its API, and of the answers that it pushes.

Source: 问卷星开放文档, 接口规范 (sha1 over the values of all non-empty parameters in the order of their names, then the key; good for 30 seconds) and
答卷 API 推送 (sha1 over survey, number of the answer and push key).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from kexiao.sources.egress.secrets import Secret


def signature(params: Mapping[str, str], key: Secret) -> str:
    """The signature of a request, ``sign`` itself left out. The names are in the order of their bytes, an empty value does not count.

    >>> signature({"vid": "7", "appid": "1", "ts": ""}, Secret("k")) == hashlib.sha1(b"17k").hexdigest()
    True
    """
    said = "".join(params[name] for name in sorted(params) if params[name] and name != "sign")
    return hashlib.sha1((said + key.reveal()).encode()).hexdigest()


def is_genuine(push: Mapping[str, object], key: Secret) -> bool:
    """Whether a pushed answer bears the right signature; compared in constant time.

    >>> is_genuine({"activity": "7", "index": "3", "sign": hashlib.sha1(b"73k").hexdigest()}, Secret("k"))
    True
    """
    said = f"{push.get('activity', '')}{push.get('index', '')}{key.reveal()}"
    want = hashlib.sha1(said.encode("utf-8", "replace")).hexdigest()
    return hmac.compare_digest(str(push.get("sign", "")).lower().encode("utf-8", "replace"), want.encode())
