"""Prints what is published, for longer than its first token lives. The token is the first message, and stands in no header."""

import asyncio
import json
import os
import urllib.request

from feed_client import FeedClient

API = os.environ.get("API", "http://localhost:3000")
COUNT = int(os.environ.get("COUNT", "20"))


def fetch_token() -> str:
    body = json.dumps({"key": os.environ.get("KEY", "key-of-the-reader")}).encode()
    request = urllib.request.Request(f"{API}/token", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        token: str = json.load(answer)["token"]
        return token


async def auth(_refused: bool) -> str:
    token = await asyncio.to_thread(fetch_token)
    print("a token", flush=True)
    return token


async def main() -> None:
    def on_state(state: str, _code: int | None, _reason: str) -> None:
        print(state, flush=True)

    async with FeedClient(f"{API}/feed", auth=auth, carrier="message", on_state=on_state) as feed:
        async for item in feed.events_published():
            print(item["from"], item["number"], flush=True)
            if item["number"] >= COUNT:
                break


asyncio.run(main())
