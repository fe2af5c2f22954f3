"""Votes for tea, and prints the results until that vote is among them."""

import asyncio
import os
from urllib.parse import urlsplit

from poll_client import PollClient

URL = os.environ.get("POLL", "ws://localhost:3000/poll")


def origin() -> str:
    """A server asks for an Origin, which programs other than browsers don't send by themselves."""
    page = urlsplit(URL.replace("ws", "http", 1))
    return f"{page.scheme}://{page.netloc}"


async def main() -> None:
    async with PollClient(URL, origin=origin()) as poll:
        results = poll.events_result()
        poll.send_vote({"choice": "tea"})
        async for votes in results:
            print(f"tea {votes['tea']}, coffee {votes['coffee']}")
            if votes["tea"] > 0:
                break


asyncio.run(main())
