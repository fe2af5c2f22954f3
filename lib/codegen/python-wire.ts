// Tested in test/codegen/python.test.ts.

/** The part of a generated Python client that knows frames and addresses, and no connection. */
export const PYTHON_WIRE = String.raw`
# The two clients of websockets have different types, and headers have different names.
_dial: Any = getattr(websockets, "connect")
_HEADERS = "additional_headers" if "additional_headers" in inspect.signature(_dial).parameters else "extra_headers"
_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)
_NOTHING: Any = object()

# Seconds, but for the last three.
_BACKOFF, _MAX_BACKOFF, _MIN_UPTIME = 0.5, 20.0, 5.0
_BEAT, _PATIENCE, _ADMITTED = 25.0, 10.0, 0.02
_BUFFER, _REMEMBERED = 256, 64
_SLOWER = 1.1


class Error(Exception):
    """The one class of what a client raises and reports. The code is for programs, the message for people.

    Codes of this side: bad_message, closed, connect_failed, disconnected, queue_full, timeout; all others are the
    server's. Of rate_limited, budget is the one that was short: socket, identity, address, or one of the server's own;
    retry_after is in seconds.
    """

    def __init__(self, code: str, message: str = "", data: Any = None, issues: Any = None,
                 retry_after: float | None = None, type: str | None = None, budget: str | None = None) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        self.data = data
        self.issues = issues
        self.retry_after = retry_after
        self.type = type
        self.budget = budget


@dataclasses.dataclass(eq=False)
class _Entry:
    """A message, or a call with the future of its reply."""

    frame: str | bytes
    type: str
    cost: float = 1
    drop: bool = False
    """Worthless on another connection than the one it was written for."""
    reply: asyncio.Future[Any] | None = None
    is_out: bool = False
    """It was handed to the socket."""


class _Events(Generic[_T_co]):
    """Messages of one type, from now on. The oldest are dropped, and counted, when nobody takes them."""

    def __init__(self, subscribe: Callable[[Callable[[Any], object]], Callable[[], None]], is_closed: bool) -> None:
        self.dropped = 0
        self._kept: asyncio.Queue[Any] = asyncio.Queue(_BUFFER)
        self._off = subscribe(self._put)
        if is_closed:
            self._put(_NOTHING)

    def _put(self, data: Any) -> None:
        if self._kept.full():
            self._kept.get_nowait()
            self.dropped += 1
        self._kept.put_nowait(data)

    def __aiter__(self) -> _Events[_T_co]:
        return self

    async def __anext__(self) -> _T_co:
        data = await self._kept.get()
        if data is _NOTHING:
            self._off()
            self._put(_NOTHING)
            raise StopAsyncIteration
        return cast(_T_co, data)


def _encode(type: str, data: Any = _NOTHING, id: int | None = None) -> str:
    own: dict[str, Any] = {_TYPE: type}
    if data is not _NOTHING:
        own = {**data, **own} if _DATA is None else {**own, _DATA: data}
    if id is not None:
        # Last, where it is read even from a message that no budget can pay for.
        own.pop(_ID, None)
        own[_ID] = id
    return json.dumps(own, separators=(",", ":"), allow_nan=False)


def _decode(frame: str | bytes) -> tuple[Any, Any, Any, Any]:
    """Type, id, data and error of a frame. Raises what it will for what is no envelope."""
    if isinstance(frame, bytes):
        return _BINARY, None, frame, None
    message: dict[str, Any] = dict(json.loads(frame))
    type = message.get(_TYPE)
    if type is None:
        return None, message.get(_ID), message.get(_DATA or "data"), message.get("error")
    # What has a type is neither reply nor error: in a flat contract what is so named is its payload's.
    error = message.get("error") if type == "$error" else None
    if _DATA is None:
        return type, None, {name: value for name, value in message.items() if name != _TYPE}, error
    return type, None, message.get(_DATA), error


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _address(url: str, params: Mapping[str, Any], query: Mapping[str, Any]) -> str:
    """Fills in ":name" of the path and appends the query."""

    def fill(match: re.Match[str]) -> str:
        value = _text(params.get(match[1], ""))
        if value in ("", ".", ".."):
            raise Error("connect_failed", f"params.{match[1]}")
        return "/" + urllib.parse.quote(value, safe="")

    parts = urllib.parse.urlsplit(url)
    pairs = urllib.parse.parse_qsl(parts.query, keep_blank_values=True)
    for name, values in query.items():
        pairs += [(name, _text(value)) for value in (values if isinstance(values, list) else [values])]
    path = re.sub(r"/:(\w+)", fill, parts.path)
    scheme = parts.scheme.replace("http", "ws")
    return urllib.parse.urlunsplit((scheme, parts.netloc, path, urllib.parse.urlencode(pairs), ""))


def _settle(call: _Entry, outcome: Any) -> None:
    """Ends a call, with an Error or a reply. Nobody may be there to hear it any more."""
    if call.reply is None or call.reply.done():
        return
    if isinstance(outcome, Error):
        call.reply.set_exception(outcome)
    else:
        call.reply.set_result(outcome)


def _log(error: Exception) -> None:
    logging.getLogger(__name__).error("%s", error, exc_info=error)


async def _value(given: Any) -> Any:
    """What was given, or what the function returns, or what that resolves to."""
    value = given() if callable(given) else given
    return await value if inspect.isawaitable(value) else value


def _is_retryable(code: int) -> bool:
    known = _CLOSE_CODES.get(code)
    return known[1] if known else code != 1010 and not 4400 <= code <= 4499


def _refusal(error: Exception) -> tuple[int, float]:
    """What a refused handshake means as a close code, and the seconds that the server asks to wait."""
    response = getattr(error, "response", None) or error
    status = getattr(response, "status_code", None)
    after = str(getattr(response, "headers", {}).get("Retry-After", "0"))
    code = {401: 4401, 403: 4403, 426: 4426}.get(status or 0, 1006)
    return code, float(after) if after.isdigit() else 0.0
`
