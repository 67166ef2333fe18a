"""Who we are to Zoho: data centres, access tokens, credits, and what its errors mean.

Source: Zoho CRM developer documentation, API v8: "OAuth 2.0 — Refresh access tokens", "Multi-DC", "API limits", "Status codes".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from kexiao.errors import NotPermitted, Place, SourceUnavailable, WrongUse
from kexiao.sources.connecting.connector import SourcePlan
from kexiao.sources.egress.client import Answer, Call, Client, Garbled
from kexiao.sources.egress.secrets import Secret, from_environment
from kexiao.text import Text

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Region:
    """One data centre: where tokens and where records are had."""

    accounts: str
    api: str


REGIONS = {
    "com": Region("https://accounts.zoho.com", "https://www.zohoapis.com"),
    "eu": Region("https://accounts.zoho.eu", "https://www.zohoapis.eu"),
    "in": Region("https://accounts.zoho.in", "https://www.zohoapis.in"),
    "au": Region("https://accounts.zoho.com.au", "https://www.zohoapis.com.au"),
    "jp": Region("https://accounts.zoho.jp", "https://www.zohoapis.jp"),
    "ca": Region("https://accounts.zohocloud.ca", "https://www.zohoapis.ca"),
    "cn": Region("https://accounts.zoho.com.cn", "https://www.zohoapis.com.cn"),
    "sa": Region("https://accounts.zoho.sa", "https://www.zohoapis.sa"),
}
_EXPIRED = frozenset({"INVALID_TOKEN", "AUTHENTICATION_FAILURE", "INVALID_OAUTHTOKEN"})
_NO_CREDITS = frozenset({"LIMIT_EXCEEDED", "API_LIMIT_EXCEEDED", "CREDITS_EXCEEDED"})


class BadRequest(WrongUse):
    """Zoho does not accept a request (2): wrong names in the source file, or a page token or job that has expired."""


class Access:
    """Authorised requests to one organisation. The access token lives an hour and stays in memory."""

    def __init__(self, plan: SourcePlan, client: Client) -> None:
        settings = plan.settings
        region = REGIONS[settings["region"]]
        self.place, self._client = Place(file=plan.file), client
        # The answer to a refresh names an api_domain too; the data centre of the settings counts, lest a token be sent to another host.
        self.api = str(settings.get("api_url", region.api)).rstrip("/")
        self._accounts = str(settings.get("accounts_url", region.accounts)).rstrip("/")
        self._id = str(settings["client_id"])
        self._secret = from_environment(settings["client_secret_env"], plan.file)
        self._refresh = from_environment(settings["refresh_token_env"], plan.file)
        self._reserve = int(settings.get("credits_reserve", 0))
        self._token: Secret | None = None
        self.server_time: datetime | None = None

    def get(
        self,
        path: str,
        parse: Callable[[Answer], T],
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        largest: int | None = None,
    ) -> T:
        """A GET below the API's address."""
        return self._send("GET", path, parse, params=params, headers=headers, largest=largest)

    def post(self, path: str, body: object, parse: Callable[[Answer], T]) -> T:
        """A POST of JSON. Only jobs are made this way: made twice, one of them is merely not used."""
        return self._send("POST", path, parse, body=body)

    def _send(
        self,
        method: str,
        path: str,
        parse: Callable[[Answer], T],
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        largest: int | None = None,
    ) -> T:
        for _ in range(2):
            token = self._token or self._fetch_token()
            self._token = token
            authorised = {**(headers or {}), "Authorization": f"Zoho-oauthtoken {token.reveal()}"}
            call = Call(method, self.api + path, headers=authorised, params=params or {}, body=body, largest=largest)
            found = self._client.send(call, lambda answer: self._checked(answer, parse))
            if found is not None:
                return found[0]
            self._token = None
        raise self._refused("INVALID_TOKEN")

    def _checked(self, answer: Answer, parse: Callable[[Answer], T]) -> tuple[T] | None:
        """What was parsed; None where the token has expired."""
        if answer.status in (200, 201, 202, 204, 304):
            found = parse(answer)
            self.server_time = answer.sent_at or self.server_time
            self._keep_credits(answer)
            return (found,)
        code = code_of(answer)
        if answer.status == 401 and code in _EXPIRED:
            return None
        if code in _NO_CREDITS:
            raise self._no_credits()
        if answer.status in (401, 403):
            raise self._refused(code)
        raise self._bad(code)

    def _keep_credits(self, answer: Answer) -> None:
        left = answer.headers.get("x-api-credits-remaining", "")
        if self._reserve and left.isdigit() and int(left) < self._reserve:
            raise self._no_credits()

    def _fetch_token(self) -> Secret:
        form = {
            "grant_type": "refresh_token",
            "client_id": self._id,
            "client_secret": self._secret.reveal(),
            "refresh_token": self._refresh.reveal(),
        }

        def parse(answer: Answer) -> Secret:
            said: Any = answer.json() if answer.body else {}
            if isinstance(said, dict) and isinstance(said.get("access_token"), str):
                return Secret(said["access_token"])
            # A wrong refresh token is answered with 200 and {"error": "invalid_code"}.
            if isinstance(said, dict) and said.get("error") == "Access Denied":
                raise SourceUnavailable(
                    Text(zh="Zoho：取令牌太频繁。", en="Zoho: too many tokens were asked for."),
                    next_step=Text(zh="十分钟后重试同一命令。", en="Run the same command in ten minutes."),
                )
            if answer.status in (400, 401, 403) or (isinstance(said, dict) and "error" in said):
                raise self._refused(str(said.get("error", ""))[:40] if isinstance(said, dict) else "")
            raise Garbled("no token")

        return self._client.send(Call("POST", self._accounts + "/oauth/v2/token", form=form), parse)

    def _no_credits(self) -> SourceUnavailable:
        return SourceUnavailable(
            Text(
                zh="Zoho 的 API 额度已到（24 小时滚动计算）。",
                en="The API credits of Zoho are used up (over the last 24 hours).",
            ),
            next_step=Text(
                zh="已取得的部分已保存；额度恢复后重试同一命令即可继续。",
                en="What was fetched is kept; run the same command when there are credits again.",
            ),
            place=self.place,
        )

    def _refused(self, code: str) -> NotPermitted:
        return NotPermitted(
            Text(zh="Zoho 拒绝访问（{code}）。", en="Zoho refuses access ({code}).").fill(code=code or "—"),
            next_step=Text(
                zh="请检查 region、client_id 与环境变量中的密钥；令牌需要范围 ZohoCRM.modules.READ、ZohoCRM.bulk.READ。",
                en="Check region, client_id and the secrets in the environment; the token needs ZohoCRM.modules.READ and ZohoCRM.bulk.READ.",
            ),
            place=self.place,
        )

    def _bad(self, code: str) -> BadRequest:
        return BadRequest(
            Text(zh="Zoho 不接受这个请求（{code}）。", en="Zoho does not accept the request ({code}).").fill(
                code=code or "—"
            ),
            next_step=Text(
                zh="请核对来源文件中模块与字段的 API 名称。",
                en="Check the API names of module and fields in the source file.",
            ),
            place=self.place,
        )


def code_of(answer: Answer) -> str:
    """The code of an error answer; empty where it has none."""
    try:
        said = answer.json()
    except Garbled:
        return ""
    code = said.get("code", "") if isinstance(said, dict) else ""
    return code if isinstance(code, str) and len(code) < 60 else ""
