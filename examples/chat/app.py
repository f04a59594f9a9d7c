"""A chat whose answers appear in an editor while the model writes them.

Run it beside the service, which both must know by the same token:

    PUBLISH_TOKEN=of-this-machine make run
    PUBLISH_TOKEN=of-this-machine .venv/bin/python examples/chat/app.py
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import uvicorn
from fastapi import FastAPI
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from model import ModelError, choose_model
from pydantic import BaseModel, StringConstraints

from streaming_content import Publisher, StreamCancelled, StreamingError

FOLDER = Path(__file__).parent
SERVICE = os.environ.get("SERVICE", "http://127.0.0.1:8000")
PORT = int(os.environ.get("CHAT_PORT", "8080"))

log = logging.getLogger("uvicorn.error")
publisher = Publisher(SERVICE, token=os.environ.get("PUBLISH_TOKEN"))
model = choose_model(os.environ)
answers: set[asyncio.Task[None]] = set()


class Question(BaseModel):
    """A question of the user of a page, whose session the answer goes to."""

    session_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
    text: Annotated[str, StringConstraints(min_length=1, max_length=4000)]


async def answer(question: Question) -> None:
    """Write the answer of the model into the session. A reader who stops the stream stops the model."""
    try:
        async with publisher.stream(question.session_id, content_type="markdown") as out, out.stopping():
            async for token in model(question.text):
                await out.write(token)
    except StreamCancelled:
        log.info("the reader has stopped the answer")
    except (StreamingError, ModelError) as error:
        log.warning("the answer failed: %s", error)


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield
    for task in answers:
        task.cancel()
    await asyncio.gather(*answers, return_exceptions=True)


app = FastAPI(lifespan=lifespan)
app.mount("/static", StaticFiles(directory=FOLDER / "static"))


@app.get("/")
async def page() -> FileResponse:
    return FileResponse(FOLDER / "page.html")


@app.get("/service")
async def service() -> dict[str, str]:
    """Where the page connects to."""
    return {"url": SERVICE}


@app.post("/questions", status_code=202)
async def ask(question: Question) -> JSONResponse:
    """The answer goes to the page through the service, not through this response."""
    task = asyncio.create_task(answer(question))
    answers.add(task)
    task.add_done_callback(answers.discard)
    return JSONResponse({}, 202)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=PORT)
