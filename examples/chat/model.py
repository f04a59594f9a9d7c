"""Language models as iterators of tokens."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping

Model = Callable[[str], AsyncIterator[str]]
"""From a question to the tokens of its answer."""


class ModelError(Exception):
    """The model did not answer."""


def choose_model(environment: Mapping[str, str]) -> Model:
    """Return the model at ``MODEL_URL``, an address that is compatible with OpenAI's; without it a script."""
    url = environment.get("MODEL_URL")
    if not url:
        return scripted
    name, key = environment.get("MODEL_NAME", "default"), environment.get("MODEL_KEY", "")
    return lambda question: remote(url, name, key, question)


async def scripted(question: str) -> AsyncIterator[str]:
    """An answer with all that Markdown has, a few characters at a time."""
    text = _ANSWER.format(question=question.strip().replace("\n", " "))
    for start in range(0, len(text), 4):
        yield text[start : start + 4]
        await asyncio.sleep(0.02)


async def remote(url: str, name: str, key: str, question: str) -> AsyncIterator[str]:
    """The answer of a model over HTTP. Raises ``ModelError``."""
    import httpx  # noqa: PLC0415 - the scripted model needs no packages

    body = {"model": name, "stream": True, "messages": [{"role": "user", "content": question}]}
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = ("POST", f"{url.rstrip('/')}/chat/completions")
    try:
        async with (
            httpx.AsyncClient(timeout=60) as client,
            client.stream(*request, json=body, headers=headers) as answer,
        ):
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                data = line.removeprefix("data:").strip()
                if line.startswith("data:") and data != "[DONE]":
                    for choice in json.loads(data)["choices"]:
                        if token := choice["delta"].get("content"):
                            yield token
    except (httpx.HTTPError, ValueError, LookupError) as error:
        raise ModelError(f"{url}: {error!r}") from error


_ANSWER = """## {question}

Here is *one way* to look at it. **Streaming** shows text while it is being written, so a reader waits for the first
word and not for the last one.

1. The model writes a token.
2. The back end calls `write(token)`.
3. Every reader sees it, at a pace that can be read.

```python
async with publisher.stream(session) as out:
    async for token in model(question):
        await out.write(token)
```

| What fails | What happens |
| --- | --- |
| the connection of a reader | it comes back, with each character once |
| the service | the back end sends again what was not stored |
| the model | readers keep what was written |

> [!NOTE]
> Press **Stop** and the model stops, too.

That is all about $E = mc^2$, [links](https://example.com "with a title") and ~~mistakes~~.
"""
