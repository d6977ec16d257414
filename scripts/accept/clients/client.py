"""requests, httpx or aiohttp: client.py NAME URL COUNT UPLOAD_BYTES"""

import asyncio
import sys

name, url, count, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])


async def with_aiohttp():
    import aiohttp

    async with aiohttp.ClientSession() as session:
        answered = 0
        for _ in range(count):
            async with session.get(url) as answer:
                await answer.read()
                answered += answer.status == 200
        async with session.post(url, data=b"x" * size) as answer:
            await answer.read()
            return answered, answer.status


def with_requests():
    import requests

    with requests.Session() as session:
        answered = sum(session.get(url).status_code == 200 for _ in range(count))
        return answered, session.post(url, data=b"x" * size).status_code


def with_httpx():
    import httpx

    with httpx.Client() as client:
        answered = sum(client.get(url).status_code == 200 for _ in range(count))
        return answered, client.post(url, content=b"x" * size).status_code


answered, upload = {"requests": with_requests, "httpx": with_httpx,
                    "aiohttp": lambda: asyncio.run(with_aiohttp())}[name]()
print(f"answered {answered}, upload {upload}")
