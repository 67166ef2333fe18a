"""Who we are to 纷享销客, in the new way and the old, and what its errors mean: they come with HTTP 200 and say so in ``errorCode``.

Source: 纷享销客 open platform documentation, OpenAPI v2: 客户端凭证模式 (POST /oauth2.0/token), corpAccessToken/get/V2, 公共参数, 全局返回码.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kexiao.errors import KexiaoError, NotPermitted, Place
from kexiao.sources.connecting.connector import SourcePlan
from kexiao.sources.connecting.described import wrong
from kexiao.sources.egress.client import Answer, Call, Client, Garbled
from kexiao.sources.egress.secrets import Secret, from_environment
from kexiao.text import Text

BASE = "https://open.fxiaoke.com"
EXPIRED = 20016
_DENIED = frozenset({10006, 11006, 15003, 20014, 20017, 20020, 20021, 20022, 20023})
_BUSY = re.compile(r"频率|频繁|繁忙|超限|稍后|limit|busy|too many", re.IGNORECASE)


class _Expired(Exception):
    """The token is no longer good."""


class Access:
    """Authorised requests in one person's name. The token lives two hours and stays in memory."""

    def __init__(self, plan: SourcePlan, client: Client) -> None:
        settings = plan.settings
        self.place, self._client = Place(file=plan.file), client
        self._base = str(settings.get("url", BASE)).rstrip("/")
        self._new = settings.get("login", "token") == "token"
        self._id, self._user = str(settings["app_id"]), str(settings["user"])
        self._secret = from_environment(settings["app_secret_env"], plan.file)
        self._code = from_environment(settings["permanent_code_env"], plan.file)
        self._token: tuple[Secret, str] | None = None
        self.server_time: datetime | None = None

    def ask(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """One question; its whole answer. All of them only read, so they may be repeated."""
        for _ in range(2):
            if self._token is None:
                self._token = self._fetch_token()
            try:
                return self._client.send(self._call(path, body, self._token), self._parse)
            except _Expired:
                self._token = None
        raise self._refused(EXPIRED)

    def _call(self, path: str, body: Mapping[str, Any], token: tuple[Secret, str]) -> Call:
        secret, company = token
        url = f"{self._base}{path}?thirdTraceId={uuid.uuid4()}"
        if self._new:
            headers = {"Authorization": f"Bearer {secret.reveal()}", "x-fs-ea": company, "x-fs-userid": self._user}
            return Call("POST", url, headers=headers, body=body)
        own = {"corpAccessToken": secret.reveal(), "corpId": company, "currentOpenUserId": self._user}
        return Call("POST", url, body={**own, **body})

    def _parse(self, answer: Answer) -> dict[str, Any]:
        said = answer.json() if answer.status == 200 else None
        if not isinstance(said, dict) or "errorCode" not in said:
            raise Garbled("no answer of the API")
        self.server_time = answer.sent_at or self.server_time
        code = int(said["errorCode"])
        if code == 0:
            return said
        if code == EXPIRED:
            raise _Expired
        words = f"{said.get('errorMessage', '')} {said.get('errorDescription', '')}"
        if code in _DENIED:
            raise self._refused(code)
        if code < 0 or _BUSY.search(words):
            raise Garbled("busy")
        raise self._bad(code)

    def _fetch_token(self) -> tuple[Secret, str]:
        body = {"appId": self._id, "appSecret": self._secret.reveal(), "permanentCode": self._code.reveal()}
        path = "/oauth2.0/token" if self._new else "/cgi/corpAccessToken/get/V2"
        if self._new:
            body["grantType"] = "app_secret"
        call = Call("POST", f"{self._base}{path}?thirdTraceId={uuid.uuid4()}", body=body)
        try:
            said = self._client.send(call, self._parse)
        except _Expired:
            raise self._refused(EXPIRED) from None
        token, company = (
            (said.get("accessToken"), said.get("ea"))
            if self._new
            else (said.get("corpAccessToken"), said.get("corpId"))
        )
        if not token or not company:
            raise self._refused(0)
        return Secret(str(token)), str(company)

    def _refused(self, code: int) -> NotPermitted:
        return NotPermitted(
            Text(zh="纷享销客拒绝访问（{code}）。", en="Fxiaoke refuses access ({code}).").fill(code=code),
            next_step=Text(
                zh="请检查 app_id、user 与环境变量中的密钥，并在管理后台授予应用所读对象的查看权限。",
                en="Check app_id, user and the secrets in the environment, and let the app view the objects in the admin console.",
            ),
            place=self.place,
        )

    def _bad(self, code: int) -> KexiaoError:
        return wrong(
            Text(
                zh="纷享销客不接受这个请求（{code}），请核对对象与字段的 API 名称",
                en="Fxiaoke does not accept the request ({code}); check the API names of object and fields",
            ).fill(code=code),
            self.place,
        )
