// Tested in test/codegen/python.test.ts.

/** The rest of the class in python-runtime.ts: the life of its connections. */
export const PYTHON_CONNECTION = String.raw`
    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        failures, is_renewed, refused = 0, False, False
        while True:
            self._move("connecting")
            self._cause = None
            uptime, reason = 0.0, ""
            try:
                self._socket = await asyncio.wait_for(self._open(refused), self._timeout)
            except Exception as error:
                self._cause = error
                code, after = _refusal(error)
                self._retry_after = max(self._retry_after, after)
                self._tell(self._on_error, Error("connect_failed", str(error) or type(error).__name__))
            else:
                opened_at = loop.time()
                code, reason = await self._serve(self._socket)
                self._socket = None
                self._forget_renewal()
                uptime = loop.time() - opened_at
            if uptime >= _MIN_UPTIME:
                failures, is_renewed = 0, False
            self._lose("disconnected")
            wanted = self._retry(code, reason) if self._retry is not None else None
            refused = wanted is None and code == 4401 and self._auth is not None and not is_renewed
            if not refused and not (_is_retryable(code) if wanted is None else wanted):
                self._task = None
                self._end(code, reason)
                return
            delay = 0.0
            if refused:
                is_renewed = True
            else:
                # Full jitter above a floor of a quarter, so that no luck of the dice makes a storm.
                longest = min(_MAX_BACKOFF, _BACKOFF * 2.0 ** min(failures, 10))
                delay = self._retry_after + longest * (0.25 + 0.75 * random.random())
                failures += 1
            self._retry_after = 0.0
            self._move("waiting", code, reason)
            await asyncio.sleep(delay)

    async def _open(self, refused: bool) -> Any:
        auth = self._auth
        token = None if auth is None or self._carrier == "message" else await _value(lambda: auth(refused))
        url = _address(await _value(self._url), self._params or {}, await _value(self._query) or {})
        protocols = ["wsg.v1", _FINGERPRINT] + ([f"{self._carrier}.{token}"] if token else [])
        headers = await _value(self._headers)
        return await _dial(url, subprotocols=protocols, origin=self._origin, compression=None, max_size=None,
                           open_timeout=None, ping_interval=None, close_timeout=1, **{_HEADERS: headers})

    async def _serve(self, socket: Any) -> tuple[int, str]:
        """Reads until the end; its close code and reason."""
        writer: asyncio.Task[None] | None = None
        quiet = _ADMITTED
        try:
            while True:
                is_error = False
                try:
                    frame = await asyncio.wait_for(socket.recv(), quiet)
                    is_error = self._receive(frame)
                except asyncio.TimeoutError:
                    if writer is not None:
                        self._receive(await asyncio.wait_for(self._ask(socket), _PATIENCE))
                quiet = _BEAT
                # A server that refuses says so in the same breath. Nothing is sent to it.
                if writer is None and not is_error:
                    self._move("open")
                    writer = asyncio.get_running_loop().create_task(self._write(socket))
        except asyncio.TimeoutError as silence:
            self._cause = silence
            # On a dead path the closing handshake would take minutes.
            socket.transport.abort()
            return 1006, ""
        except websockets.exceptions.ConnectionClosed as closed:
            self._cause = closed
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd is not None else (1006, "")
        finally:
            if writer is not None:
                writer.cancel()

    def _authenticate(self, notice: dict[str, Any]) -> bool:
        """A new token is due, or the first one: then we are not admitted yet, which is True."""
        expires = notice.get("expiresIn")
        self._forget_renewal()
        # After four fifths: there is time to try again.
        delay = 0.0 if expires is None else expires / 1000 * 0.8
        send = self._send_token(self._socket, delay, bool(notice.get("refused")))
        self._renewal = asyncio.get_running_loop().create_task(send)
        return expires is None

    async def _send_token(self, socket: Any, delay: float, refused: bool) -> None:
        await asyncio.sleep(delay)
        auth = self._auth
        try:
            token = None if auth is None else await _value(lambda: auth(refused))
            await socket.send(_encode("$auth", {"token": token}))
        except websockets.exceptions.ConnectionClosed:
            pass
        except Exception as error:
            # The token ends, and the next attempt asks for another one.
            self._tell(self._on_error, Error("connect_failed", str(error) or type(error).__name__))

    def _forget_renewal(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
            self._renewal = None

    async def _ask(self, socket: Any) -> Any:
        await socket.send(_encode("$ping"))
        return await socket.recv()

    async def _write(self, socket: Any) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                while not self._waiting:
                    self._wake.clear()
                    await self._wake.wait()
                entry = self._waiting[0]
                wait = self._full_at - self._ahead + (entry.cost - 1) * self._each - loop.time()
                if wait > 0:
                    await asyncio.sleep(wait)
                    continue
                self._full_at = max(self._full_at, loop.time()) + entry.cost * self._each
                self._waiting.popleft()
                entry.is_out = True
                await socket.send(entry.frame)
        except websockets.exceptions.ConnectionClosed:
            pass

    def _lose(self, code: str) -> None:
        """What becomes of messages and calls when the connection breaks, or (closed) the client ends."""
        is_end = code == "closed"
        self._waiting = collections.deque(entry for entry in self._waiting if not is_end and not entry.drop)
        for call in list(self._calls.values()):
            if is_end or call.is_out:
                call.is_out = False
                # It may have taken effect: nothing is made twice that was not declared so.
                if call.type not in self._idempotent or not self._add(call):
                    error = Error(code, type=call.type)
                    error.__cause__ = self._cause
                    _settle(call, error)

    def _end(self, code: int, reason: str) -> None:
        self._forget_renewal()
        self.state = "closed"
        self._lose("closed")
        self._tell(self._on_state, "closed", code, reason)
        for listeners in list(self._listeners.values()):
            for listener in list(listeners):
                if isinstance(getattr(listener, "__self__", None), _Events):
                    listener(_NOTHING)
        self._closed.set()
`
