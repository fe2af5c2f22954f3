"""Drives a generated client of the tests' chat: a JSON line on standard input does something, one on standard output tells."""

import asyncio
import importlib
import json
import sys
import types
from typing import Any

folder, url, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
sys.path.insert(0, folder)
module = importlib.import_module("chat_client")
for name, value in settings.get("constants", {}).items():
    setattr(module, name, value)


def tell(**what: Any) -> None:
    print(json.dumps(what), flush=True)


async def recorded(delay: float) -> None:
    tell(sleep=delay)


if settings.get("recordSleep"):
    # Nothing waits, and the dice always say the most.
    module.asyncio = types.SimpleNamespace(
        **{**vars(asyncio), "sleep": recorded})
    module.random = types.SimpleNamespace(random=lambda: 1.0)


def auth(refused: bool) -> str:
    tell(auth=refused)
    return "new" if refused else "old"


async def do(chat: Any, line: dict[str, Any]) -> None:
    try:
        if "pace" in line:
            tell(pace=chat.pace)
        elif "send" in line:
            tell(sent=getattr(chat, "send_" + line["send"])(line["data"]))
        elif "call" in line:
            reply = await getattr(chat, "call_" + line["call"])(line["data"], timeout=line.get("timeout"))
            tell(reply=reply)
    except module.Error as error:
        tell(failed=error.code, data=error.data, type=error.type, budget=error.budget, retry_after=error.retry_after,
             cause=None if error.__cause__ is None else type(error.__cause__).__name__)


async def main() -> None:
    chat = module.ChatClient(
        url,
        params={"room": "lobby"},
        origin=settings["origin"],
        auth=auth if settings.get("auth") else None,
        carrier=settings.get("carrier", "bearer"),
        on_state=lambda state, code, reason: tell(state=state, code=code),
        on_error=lambda error: tell(error=error.code, type=error.type, budget=error.budget),
        retry=(lambda code, reason: True) if settings.get("retry") else None,
        offline=settings.get("offline"),
        idempotent=settings.get("idempotent", ()),
        rate=settings.get("rate"),
        burst=settings.get("burst"),
        check=(lambda type, data, kind: data != settings["unfit"]) if "unfit" in settings else None,
    )
    async with chat:
        chat.on_said(lambda said: tell(said=said))
        events = chat.events_said()

        async def iterate() -> None:
            async for said in events:
                tell(event=said["text"])
            tell(ended=True)

        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        tasks = {loop.create_task(iterate())}
        while line := await reader.readline():
            tasks.add(loop.create_task(do(chat, json.loads(line))))
    await asyncio.wait(tasks)


asyncio.run(main())
