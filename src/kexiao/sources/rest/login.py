"""How a request to a JSON API is authorised; a token that has expired is fetched anew, once."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from kexiao.errors import NotPermitted, Place
from kexiao.sources.connecting.described import wrong
from kexiao.sources.egress.client import Answer, Call, Client, Garbled
from kexiao.sources.egress.secrets import Secret, from_environment
from kexiao.text import Text

T = TypeVar("T")
NEEDED = {"bearer": {"token_env"}, "header": {"value_env"}, "basic": {"user", "password_env"}}
KEYS = {
    "token": {"kind", "token_path", "client_id", "client_secret_env", "token_field", "scheme"},
    "bearer": {"kind", "token_env", "scheme"},
    "header": {"kind", "name", "value_env"},
    "basic": {"kind", "user", "password_env"},
}


class Login:
    """The headers that authorise a request."""

    def __init__(self, settings: Mapping[str, Any], base: str, client: Client, place: Place) -> None:
        self._settings, self._base, self._client, self._place = settings, base, client, place
        kind = settings.get("kind", "none") if settings else "none"
        odd = kind not in KEYS or set(settings) - KEYS[kind] or NEEDED.get(kind, set()) - set(settings)
        if kind != "none" and (odd or not all(isinstance(value, str) for value in settings.values())):
            said = ", ".join(sorted(KEYS.get(kind, set()) or set(KEYS)))
            raise wrong(
                Text(zh="[login] 有误；可用：{said}", en="[login] is wrong; there are: {said}").fill(said=said), place
            )
        self._kind = kind
        self._token: Secret | None = None

    def send(self, make: Callable[[Mapping[str, str]], Call], parse: Callable[[Answer], T]) -> T:
        """Send an authorised request; where it is refused as expired, log in anew once. Errors: ``NotPermitted``."""
        for again in (False, True):
            headers = self._headers(again)
            found = self._client.send(lambda headers=headers: make(headers), lambda answer: _or_none(answer, parse))  # type: ignore[misc]
            if found is not None:
                return found[0]
            if self._kind != "token":
                break
        raise refused(self._place)

    def _headers(self, anew: bool) -> Mapping[str, str]:
        settings, file = self._settings, self._place.file or ""
        if self._kind == "none":
            return {}
        if self._kind == "header":
            return {settings.get("name", "X-API-Key"): from_environment(settings["value_env"], file).reveal()}
        if self._kind == "basic":
            pair = f"{settings.get('user', '')}:{from_environment(settings['password_env'], file).reveal()}"
            return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        if self._kind == "bearer":
            self._token = from_environment(settings["token_env"], file)
        elif self._token is None or anew:
            self._token = self._fetch(file)
        return {"Authorization": f"{settings.get('scheme', 'Bearer')} {self._token.reveal()}"}

    def _fetch(self, file: str) -> Secret:
        form = {"grant_type": "client_credentials"}
        if "client_id" in self._settings:
            form["client_id"] = self._settings["client_id"]
        if "client_secret_env" in self._settings:
            form["client_secret"] = from_environment(self._settings["client_secret_env"], file).reveal()
        field = self._settings.get("token_field", "access_token")

        def token(answer: Answer) -> Secret:
            if answer.status in (400, 401, 403):
                raise refused(self._place)
            said = answer.json()
            if not isinstance(said, dict) or not isinstance(said.get(field), str):
                raise Garbled("no token")
            return Secret(said[field])

        return self._client.send(
            Call("POST", self._base + self._settings.get("token_path", "/token"), form=form), token
        )


def _or_none(answer: Answer, parse: Callable[[Answer], T]) -> tuple[T] | None:
    """What was parsed; None where the answer says that nobody is logged in. In a tuple, so that it may be None itself."""
    return None if answer.status == 401 else (parse(answer),)


def refused(place: Place) -> NotPermitted:
    """The error for a system that does not let us in."""
    return NotPermitted(
        Text(
            zh="来源拒绝访问：密钥无效或没有权限。",
            en="The source refuses access: the secret is not valid or lacks a permission.",
        ),
        next_step=Text(
            zh="请检查环境变量中的密钥，并在该系统中授予只读权限。",
            en="Check the secret in the environment variable and grant read permission in that system.",
        ),
        place=place,
    )
