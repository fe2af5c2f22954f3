// Tested in test/codegen/python.test.ts.

/**
 * What a generated Python client is made of, the same in each: on `websockets` 10.4 and later, which means its old
 * client and its new one. The rules are those of docs/clients.md. Constants that begin with `_` and are not defined
 * here are written above it (lib/codegen/python.ts); the rest of its class is in python-connection.ts.
 */
export const PYTHON_RUNTIME = String.raw`
class _Client:
    """One connection, made anew as long as that makes sense."""

    def __init__(self, url: Any, params: Any, query: Any, auth: Any, carrier: Any, headers: Any, origin: Any,
                 retry: Any, offline: Any, idempotent: Any, check: Any, timeout: float, queue: int,
                 rate: float | None, burst: float | None, on_state: Any, on_error: Any) -> None:
        self._url, self._params, self._query, self._auth, self._carrier = url, params, query, auth, carrier
        self._renewal: asyncio.Task[None] | None = None
        self._headers, self._origin, self._retry = headers, origin, retry
        self._offline, self._idempotent, self._check = offline or {}, idempotent, check
        self._timeout, self._size = timeout, queue
        self._on_state, self._on_error = on_state, on_error or _log
        self._listeners: dict[str, list[Callable[[Any], object]]] = {}
        self._waiting: collections.deque[_Entry] = collections.deque()
        self._calls: dict[int, _Entry] = {}
        self._recent: collections.OrderedDict[int, _Entry] = collections.OrderedDict()
        self._wake, self._closed = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._socket: Any = None
        # Why the last connection ended, or was refused.
        self._cause: BaseException | None = None
        self._last_id = 0
        # A token bucket as one number: when it will be full again.
        self._each = 1 / (_RATE if rate is None else rate)
        self._full_at, self._ahead = 0.0, ((_BURST if burst is None else burst) - 1) * self._each
        self._retry_after = 0.0
        self.state = "idle"

    async def __aenter__(self: _T) -> _T:
        cast(_Client, self).connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def pace(self) -> float:
        """Messages per second at most, at present: slower than at first since the server has answered rate_limited."""
        return 1 / self._each

    def connect(self) -> None:
        """Connects, if it has not begun yet. Sending, calling and listening do it by themselves."""
        if self._task is None:
            self._closed.clear()
            self.state = "idle"
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Ends the connection for good, until connect()."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        socket, self._socket = self._socket, None
        self._cause = None
        if self.state != "closed":
            self._end(code, reason)
        if socket is not None:
            try:
                await asyncio.wait_for(socket.close(code, reason), 3)
            except Exception:
                socket.transport.abort()

    async def wait_closed(self) -> None:
        """Returns when the client has ended: it was closed, or the server told it not to come again."""
        await self._closed.wait()

    def _send(self, type: str, data: Any, cost: float) -> bool:
        self._last_id += 1
        id = None if _DATA is None else self._last_id
        frame: str | bytes = data if isinstance(data, bytes) else _encode(type, data, id)
        entry = _Entry(frame, type, cost, drop=self._offline.get(type) == "drop")
        if id is not None:
            self._recent[id] = entry
            if len(self._recent) > _REMEMBERED:
                self._recent.popitem(last=False)
        return self._add(entry)

    async def _call(self, type: str, request: Any, timeout: float | None, cost: float) -> Any:
        self._last_id += 1
        id = self._last_id
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        entry = _Entry(_encode(type, request, id), type, cost, reply=reply)
        if not self._add(entry):
            raise Error("closed" if self.state == "closed" else "queue_full", type=type)
        self._calls[id] = entry
        try:
            return await asyncio.wait_for(reply, self._timeout if timeout is None else timeout)
        except asyncio.TimeoutError:
            raise Error("timeout", type=type) from None
        finally:
            del self._calls[id]
            if entry in self._waiting:
                self._waiting.remove(entry)
            elif reply.cancelled() and entry.is_out:
                self._add(_Entry(_encode("$cancel", id=id), type, drop=True))

    def _add(self, entry: _Entry) -> bool:
        if self.state == "idle":
            self.connect()
        is_worthless = self.state != "open" if entry.drop else self.state == "closed"
        if is_worthless or len(self._waiting) >= self._size:
            return False
        self._waiting.append(entry)
        self._wake.set()
        return True

    def _on(self, type: str, listener: Callable[[Any], object]) -> Callable[[], None]:
        listeners = self._listeners.setdefault(type, [])
        listeners.append(listener)
        if self.state == "idle":
            self.connect()

        def off() -> None:
            if listener in listeners:
                listeners.remove(listener)

        return off

    def _events(self, type: str) -> Any:
        return _Events(lambda put: self._on(type, put), self.state == "closed")

    def _tell(self, listener: Any, *values: Any) -> None:
        try:
            if listener is not None:
                listener(*values)
        except Exception as error:
            if listener is not self._on_error:
                self._tell(self._on_error, error)
            else:
                _log(error)

    def _move(self, state: str, code: int | None = None, reason: str = "") -> None:
        self.state = state
        self._tell(self._on_state, state, code, reason)

    def _receive(self, frame: str | bytes) -> bool:
        """True for what does not admit us: an error of the protocol's own, a question who we are."""
        try:
            type, id, data, error = _decode(frame)
            call = self._calls.get(id) if isinstance(id, int) else None
            about = call or (self._recent.get(id) if isinstance(id, int) else None)
            if error is None and not self._fits(type, call, data):
                error, about = {"code": "bad_message"}, call or _Entry("", type)
            is_error: bool = type == "$error"
            if type == "$auth":
                return self._authenticate(dict(data))
            if error is not None:
                # Before we are admitted it is why we are not, and the close code tells that as well.
                self._fail(error, about, is_told=self.state == "open" or not is_error)
            elif call is not None and type is None:
                _settle(call, data)
            elif isinstance(type, str) and not type.startswith("$"):
                for listener in list(self._listeners.get(type, ())):
                    self._tell(listener, data)
            return is_error
        except Exception as cause:
            self._tell(self._on_error, Error("bad_message", str(cause)))
            return False

    def _fits(self, type: Any, call: _Entry | None, data: Any) -> bool:
        if self._check is None:
            return True
        if isinstance(type, str):
            return type.startswith("$") or bool(self._check(type, data, "message"))
        return call is None or bool(self._check(call.type, data, "reply"))

    def _fail(self, error: dict[str, Any], about: _Entry | None, is_told: bool) -> None:
        after = error.get("retryAfter")
        seconds = None if after is None else float(after) / 1000
        if seconds:
            self._retry_after = seconds
            # Before it has admitted us the server speaks of connections.
            if self.state == "open":
                self._ahead = 0.0
                self._full_at = asyncio.get_running_loop().time() + seconds
                self._each = max(self._each, seconds * _SLOWER / (about.cost if about and about.cost else 1))
        failure = Error(str(error.get("code")), str(error.get("message", "")), error.get("data"), error.get("issues"),
                        seconds, about.type if about else None, error.get("budget"))
        if about is not None and about.reply is not None:
            _settle(about, failure)
        elif is_told:
            self._tell(self._on_error, failure)
`
